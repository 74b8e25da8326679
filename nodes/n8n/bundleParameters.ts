import { Readable } from 'node:stream';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { IBinaryData, IExecuteFunctions, ResolvedFilePath } from 'n8n-workflow';

import { DeployError, toDeployError } from '../shared/errors';
import { openArchive } from '../shared/source/archive';
import { type Bundle, type BundleLimits, DEFAULT_LIMITS, type Selection } from '../shared/source/bundle';
import { openDirectory } from '../shared/source/directory';
import type { Source } from '../shared/source/source';
import { refuseBlocked, resolvePath } from './fileAccess';
import { openRepository } from './gitParameters';
import type { ItemContext } from './runItems';
import { readOptions, type ReadParameter } from './parameters';
import { readChoice, readCount, readText } from './values';

const MEGABYTE = 1024 ** 2;

/** Files asked about before other work gets its turn: about 10 ms. */
const FILES_A_TURN = 400;

/** Opens the source that an item names; a directory or archive is read, of Git only the commit is found. The caller closes it. */
export async function openSource(item: ItemContext, selection: Selection): Promise<Source | Bundle> {
  const source = readChoice('Source', item.read('source', 'directory'), ['directory', 'binary', 'git']);
  if (source === 'git') return openRepository(item, selection, readLimits(item.read));
  return source === 'directory' ? openFolder(item, selection) : openBinary(item, selection);
}

async function openFolder({ node, read, signal }: ItemContext, selection: Selection): Promise<Bundle> {
  const given = readText('Source Directory', read('sourceDirectory', '')).trim();
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

function openBinary(item: ItemContext, selection: Selection): Promise<Bundle> {
  const { node, itemIndex, read, signal } = item;
  const property = readText('Input Binary Field', read('binaryProperty', 'data')).trim();
  const binary = binaryOf(node, itemIndex, property);
  const open = async () => {
    if (binary.id) return node.helpers.getBinaryStream(binary.id);
    return Readable.from(await node.helpers.getBinaryDataBuffer(itemIndex, property), { objectMode: false });
  };
  return openArchive({ open, name: binary.fileName, selection, limits: readLimits(read), signal });
}

function binaryOf(node: IExecuteFunctions, itemIndex: number, property: string): IBinaryData {
  try {
    return node.helpers.assertBinaryData(itemIndex, property);
  } catch (error) {
    throw toDeployError(noBinary(property, error));
  }
}

function noBinary(property: string, cause: unknown): DeployError {
  return new DeployError('INPUT', `Input Binary Field “${property}” is not in the input item.`, {
    description:
      'Name the field that holds the archive, or let a node before this one fetch it, such as HTTP Request or Read/Write Files from Disk.',
    cause,
  });
}

/** How much a source may hold; the message of one that holds more names the entry at which it was too much. */
function readLimits(read: ReadParameter): BundleLimits {
  const { maxSizeMegabytes, maxFiles } = readOptions(read);
  const megabytes = DEFAULT_LIMITS.maxBytes / MEGABYTE;
  return {
    maxBytes: readCount('Max Size (MB)', maxSizeMegabytes, megabytes, 1) * MEGABYTE,
    maxEntries: readCount('Max Files', maxFiles, DEFAULT_LIMITS.maxEntries, 1),
  };
}
