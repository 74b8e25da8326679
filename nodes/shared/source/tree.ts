import { createHash } from 'node:crypto';

import { DeployError } from '../errors';
import type { BundleEntry, Selection } from './bundle';
import { contentDigestInSteps } from './digest';
import { checkLinksInSteps } from './links';
import { checkDuplicatesInSteps } from './paths';
import { quote } from './quote';
import { refuseReservedNames } from './reserved';
import { inTurns } from './turns';

const NAMES_SHOWN = 5;

/**
 * Checks everything that has to hold for entries as a whole, wherever they come from, and returns their digest.
 * Other work gets its turn in between. Throws `INPUT`.
 */
export async function digestTree(entries: readonly BundleEntry[]): Promise<string> {
  refuseReservedNames(entries);
  await inTurns(checkDuplicatesInSteps(entries));
  await inTurns(checkLinksInSteps(entries));
  return inTurns(contentDigestInSteps(entries));
}

/** The entry of an empty directory. */
export function directoryEntry(path: string): BundleEntry {
  return { path, type: 'directory', mode: 0o555, size: 0, digest: '' };
}

/** The entry of a symbolic link. */
export function linkEntry(path: string, target: string): BundleEntry {
  const digest = createHash('sha256').update(target).digest('hex');
  return { path, type: 'link', mode: 0o777, size: 0, digest, target };
}

/** The entry of a file; of `mode`, only read and execute bits are kept. */
export function fileEntry(path: string, mode: number, size: number, digest: string): BundleEntry {
  return { path, type: 'file', mode: mode & 0o555, size, digest };
}

/** The `INPUT` for a source of which the patterns select nothing; `topLevel`: the names it does hold. */
export function nothingSelected(
  what: string,
  selection: Selection,
  topLevel: readonly string[],
): DeployError {
  const patterns = selection.include.map(quote).join(', ');
  const without = selection.exclude.length > 0 ? ` without ${selection.exclude.map(quote).join(', ')}` : '';
  const names = topLevel.slice(0, NAMES_SHOWN).map(quote).join(', ');
  const more = topLevel.length > NAMES_SHOWN ? ' and more' : '';
  const holds = topLevel.length > 0 ? `it holds ${names}${more}` : 'it is empty';
  return new DeployError(
    'INPUT',
    `Nothing in ${what} matches the include patterns ${patterns}${without}: ${holds}. ` +
      'Correct the patterns or choose another source.',
  );
}
