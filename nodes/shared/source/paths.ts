import { DeployError } from '../errors';
import { upTo } from '../scan';
import type { BundleEntry } from './bundle';
import { quote } from './quote';
import { atOnce, inTurns, type Steps, withPauses } from './turns';

/** What Linux file systems allow for one name, and a little less than `PATH_MAX` for a whole path, in bytes. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4000;
/** Python walks and removes trees by going down, with a file and a frame of its own for each directory. */
const MAX_DEPTH = 250;

/** U+FFFD is what decoding puts in place of bytes that are not UTF-8; lone surrogates can't be encoded at all. */
const NOT_UTF8 = /[\uFFFD\p{Surrogate}]/u;

/** The first name of a path: what lies at the top. */
export function topLevelOf(path: string): string {
  return upTo(path, '/');
}

/** The directory that a path lies in; empty at the top. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Adds the directories above a path to those that are known: above a known one, all are. */
export function addDirectories(path: string, known: Set<string>): void {
  for (let above = directoryOf(path); above !== '' && !known.has(above); above = directoryOf(above)) {
    known.add(above);
  }
}

/**
 * Normalises an entry's path as a source wrote it: without `.` parts, doubled and trailing slashes.
 *
 * Throws `INPUT`, naming the entry, for a path that is absolute or empty, has `..` parts or a NUL character, is not
 * valid UTF-8, or is longer than Linux allows. Backslashes and colons are ordinary characters there and stay.
 */
export function checkEntryPath(raw: string): string {
  const refuse = (reason: string): DeployError =>
    new DeployError(
      'INPUT',
      `The source's entry ${quote(raw)} ${reason}; rename it, or leave it out of the source.`,
    );
  if (raw.includes('\0')) throw refuse('has a NUL character in its path');
  if (NOT_UTF8.test(raw)) throw refuse('has a path that is not valid UTF-8');
  if (raw.startsWith('/')) throw refuse('has an absolute path');
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) throw refuse('has an empty path');
  if (parts.includes('..')) throw refuse('has a ".." part in its path');
  if (parts.some((part) => part.length * 3 > MAX_NAME_BYTES && Buffer.byteLength(part) > MAX_NAME_BYTES)) {
    throw refuse(`has a name of more than ${MAX_NAME_BYTES} bytes in its path`);
  }
  const path = parts.join('/');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw refuse(`has a path of more than ${MAX_PATH_BYTES} bytes`);
  }
  if (parts.length > MAX_DEPTH) throw refuse(`lies more than ${MAX_DEPTH} directories deep`);
  return path;
}

/** Throws `INPUT` when a path occurs twice: which of the two counts would depend on who unpacks. */
export function checkDuplicates(entries: ReadonlyArray<Pick<BundleEntry, 'path'>>): void {
  atOnce(checkDuplicatesInSteps(entries));
}

/** {@link checkDuplicates}, bit by bit. */
export function* checkDuplicatesInSteps(entries: ReadonlyArray<Pick<BundleEntry, 'path'>>): Steps<void> {
  const seen = new Set<string>();
  yield* withPauses(entries, ({ path }) => {
    if (seen.has(path)) {
      throw new DeployError(
        'INPUT',
        `The source holds the entry ${quote(path)} twice; pack it again with every path once.`,
      );
    }
    seen.add(path);
  });
}

/**
 * Pairs of paths that a file system which ignores case or normalises Unicode would merge into one.
 *
 * Directories on the way count too, and are reported in place of what is below them. Names are compared in NFC
 * after folding case in both directions, which also finds pairs that lower-casing alone keeps apart (σ and ς).
 */
export function mergedNames(entries: ReadonlyArray<Pick<BundleEntry, 'path'>>): Array<[string, string]> {
  return atOnce(mergedNamesInSteps(entries));
}

function* mergedNamesInSteps(
  entries: ReadonlyArray<Pick<BundleEntry, 'path'>>,
): Steps<Array<[string, string]>> {
  const firstByKey = new Map<string, string>();
  const seen = new Set<string>();
  const pairs: Array<[string, string]> = [];
  yield* withPauses(entries, (entry) => {
    for (const path of withAncestors(entry.path)) {
      if (seen.has(path)) break;
      seen.add(path);
      const slash = path.lastIndexOf('/') + 1;
      const key = path.slice(0, slash) + foldName(path.slice(slash));
      const first = firstByKey.get(key);
      if (first === undefined) firstByKey.set(key, path);
      else pairs.push([first, path]);
    }
  });
  return pairs;
}

/** Throws `INPUT` with both names for the first of the {@link mergedNames}, if there is one. */
export async function refuseMergedNames(entries: ReadonlyArray<Pick<BundleEntry, 'path'>>): Promise<void> {
  const [pair] = await inTurns(mergedNamesInSteps(entries));
  if (!pair) return;
  throw new DeployError(
    'INPUT',
    `The source's entries ${quote(pair[0])} and ${quote(pair[1])} are one and the same name on the file system ` +
      'of the base path; rename one of them.',
  );
}

/** The path, then the directory it is in, and so on up to the top-level name. */
function* withAncestors(path: string): Generator<string> {
  yield path;
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    yield path.slice(0, slash);
  }
}

/** What two names have in common that such a file system takes for one. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}
