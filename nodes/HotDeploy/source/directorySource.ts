import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ResolvedFilePath } from 'n8n-workflow';

import { trimmed } from '../../n8n/field';
import { refuseBlocked, resolvePath } from '../../n8n/fileAccess';
import type { ItemContext } from '../../n8n/item';
import { DeployError } from '../../shared/errors';
import type { Bundle, Selection } from '../../shared/source/bundle';
import { openDirectory } from '../../shared/source/directory';
import { readLimits } from './limitFields';

/** Files asked about before other work gets its turn: about 10 ms. */
const FILES_A_TURN = 400;

export const sourceDirectory = trimmed({
  displayName: 'Source Directory',
  name: 'sourceDirectory',
  default: '',
  required: true,
  placeholder: '/files/engine',
  description: 'Directory on n8n’s machine that holds the new version',
  displayOptions: { show: { source: ['directory'] } },
});

/** Reads a directory on n8n's machine, as far as n8n's administrator opens it to nodes. */
export async function openFolder({ node, read, signal }: ItemContext, selection: Selection): Promise<Bundle> {
  const given = sourceDirectory.read(read);
  if (!given.startsWith('/')) {
    throw new DeployError(
      'INPUT',
      `Source Directory is ${JSON.stringify(given)}. Give the absolute path of a directory on n8n’s machine.`,
    );
  }
  const directory = await resolvePath(node, given);
  refuseBlocked(node, 'Source Directory', directory);
  const bundle = await openDirectory({ directory, selection, limits: readLimits(read), signal });
  // n8n may close what lies inside an open directory: its own folder, or files by their names.
  for (const [index, { path }] of bundle.entries.entries()) {
    refuseBlocked(node, 'Source Directory', join(directory, path) as ResolvedFilePath);
    if (index % FILES_A_TURN === 0) await nextTurn();
  }
  return { ...bundle, source: { ...bundle.source, reference: given } };
}
