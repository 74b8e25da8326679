import { createHash } from 'node:crypto';

import type { BundleEntry } from './bundle';

type DigestedEntry = Pick<BundleEntry, 'path' | 'type' | 'mode' | 'digest'>;

/** Orders text as its UTF-8 bytes order, the same in every language and locale. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-8 orders characters beyond the BMP last; their surrogates stand before 0xe000 in UTF-16. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * Digest of each directory's direct entries, keyed by the directory's path (`''` for the root).
 *
 * A directory's digest is the SHA-256 over its entries in byte order of their names, each written as
 * `<f|l|d> <octal mode> <digest or -> <name>\0`. The executor computes the same (`tree.py`), so that two sides can
 * find out which directories differ by exchanging one short line for each.
 */
export function directoryDigests(entries: readonly DigestedEntry[]): Map<string, string> {
  const lines = new Map<string, Array<{ name: string; line: string }>>();
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/');
    const directory = slash < 0 ? '' : entry.path.slice(0, slash);
    const name = entry.path.slice(slash + 1);
    const line = `${entry.type[0]} ${entry.mode.toString(8)} ${entry.digest || '-'} ${name}\0`;
    const known = lines.get(directory);
    if (known) known.push({ name, line });
    else lines.set(directory, [{ name, line }]);
  }
  const digests = new Map<string, string>();
  for (const [directory, list] of lines) {
    list.sort((a, b) => compareBytes(a.name, b.name));
    digests.set(
      directory,
      createHash('sha256')
        .update(list.map((item) => item.line).join(''))
        .digest('hex'),
    );
  }
  return digests;
}

/** Digest of a whole tree: the SHA-256 over `<directory digest> <directory>\0` in byte order of the directories. */
export function contentDigest(entries: readonly DigestedEntry[]): string {
  const hash = createHash('sha256');
  const digests = directoryDigests(entries);
  for (const directory of [...digests.keys()].sort(compareBytes)) {
    hash.update(`${digests.get(directory)} ${directory}\0`);
  }
  return hash.digest('hex');
}
