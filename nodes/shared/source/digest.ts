import { createHash } from 'node:crypto';

import type { BundleEntry } from './bundle';
import { directoryOf } from './paths';
import { atOnce, type Steps, withPauses } from './turns';

/** What a digest is made of. */
export type DigestedEntry = Pick<BundleEntry, 'path' | 'type' | 'mode' | 'digest'>;

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
  return atOnce(directoryDigestsInSteps(entries));
}

function lineOf({ path, type, mode, digest }: DigestedEntry, directory: string): string {
  const name = directory === '' ? path : path.slice(directory.length + 1);
  return `${type[0]} ${mode.toString(8)} ${digest || '-'} ${name}\0`;
}

/** {@link directoryDigests}, bit by bit. */
export function* directoryDigestsInSteps(entries: readonly DigestedEntry[]): Steps<Map<string, string>> {
  const byDirectory = new Map<string, DigestedEntry[]>();
  yield* withPauses(entries, (entry) => {
    const directory = directoryOf(entry.path);
    const known = byDirectory.get(directory);
    if (known) known.push(entry);
    else byDirectory.set(directory, [entry]);
  });
  const digests = new Map<string, string>();
  for (const [directory, list] of byDirectory) {
    // In one directory, paths differ by their names only.
    list.sort((a, b) => compareBytes(a.path, b.path));
    const hash = createHash('sha256');
    yield* withPauses(list, (entry) => void hash.update(lineOf(entry, directory)));
    digests.set(directory, hash.digest('hex'));
    yield;
  }
  return digests;
}

/**
 * {@link contentDigest} of entries that come in the order in which it takes them: by directory, then by name, both in byte
 * order. Keeps none of them.
 */
export class OrderedDigest {
  private readonly whole = createHash('sha256');
  private directory: string | undefined;
  private hash = createHash('sha256');

  add(entry: DigestedEntry): void {
    const directory = directoryOf(entry.path);
    if (directory !== this.directory) this.endDirectory();
    this.directory = directory;
    this.hash.update(lineOf(entry, directory));
  }

  /** The digest of all that was added. Nothing can be added after it. */
  digest(): string {
    this.endDirectory();
    return this.whole.digest('hex');
  }

  private endDirectory(): void {
    if (this.directory === undefined) return;
    this.whole.update(`${this.hash.digest('hex')} ${this.directory}\0`);
    this.hash = createHash('sha256');
    this.directory = undefined;
  }
}

/** Digest of a whole tree: the SHA-256 over `<directory digest> <directory>\0` in byte order of the directories. */
export function contentDigest(entries: readonly DigestedEntry[]): string {
  return atOnce(contentDigestInSteps(entries));
}

/** {@link contentDigest}, bit by bit. */
export function* contentDigestInSteps(entries: readonly DigestedEntry[]): Steps<string> {
  const hash = createHash('sha256');
  const digests = yield* directoryDigestsInSteps(entries);
  const sorted = [...digests.keys()].sort(compareBytes);
  yield* withPauses(sorted, (directory) => {
    hash.update(`${digests.get(directory)} ${directory}\0`);
  });
  return hash.digest('hex');
}
