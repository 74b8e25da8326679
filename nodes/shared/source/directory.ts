import { join } from 'node:path';

import { expected } from '../errors';
import type { Bundle, BundleEntry, BundleLimits, FileContent, Selection } from './bundle';
import { readFileChunks } from './file';
import { type HashedFile, Hashing } from './hashing';
import { LimitCounter } from './bundleLimits';
import { createSelection } from './patterns';
import { quote } from './quote';
import { digestTree, fileEntry, nothingSelected } from './tree';
import { verified } from './verify';
import { walkDirectory } from './walk';

export interface DirectoryOptions {
  /** Absolute path of a directory on the machine that n8n runs on. */
  directory: string;
  selection: Selection;
  /** Default: `DEFAULT_LIMITS`. They count what is selected. */
  limits?: BundleLimits | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Opens a directory of this machine as a bundle: finds what the patterns select, without following links, and hashes it.
 *
 * Nothing of the content is kept; `read` opens the files again. Throws `NOT_FOUND` when there is no such directory,
 * `INPUT` when it can't be used as it is, `SOURCE_CHANGED` when something changes or goes away meanwhile, and
 * `CANCELLED`.
 */
export async function openDirectory(options: DirectoryOptions): Promise<Bundle> {
  const { directory, signal } = options;
  const limits = new LimitCounter(options.limits);
  const selection = createSelection(options.selection);
  const hashing = new Hashing({ directory, limits, signal });
  try {
    const { found, ignored, topLevel } = await walkDirectory({
      ...{ directory, selection, limits, signal },
      onFile: hashing.add,
    });
    if (found.length === 0) {
      throw nothingSelected(`the directory ${quote(directory)}`, options.selection, topLevel);
    }
    const entries = entriesOf(found, await hashing.finish());
    return { ...(await bundleOf(options, entries, ignored.summary())), beside: ignored.names() };
  } finally {
    hashing.stop();
  }
}

/** Replaces the paths among what was found by the entries of these files, which were hashed in the same order. */
function entriesOf(found: ReadonlyArray<string | BundleEntry>, files: HashedFile[]): BundleEntry[] {
  const inOrder = files.values();
  return found.map((item) => {
    if (typeof item !== 'string') return item;
    const { mode, size, digest } = expected(inOrder.next().value, 'the hash of a file');
    return fileEntry(item, mode, size, digest);
  });
}

async function bundleOf(
  options: DirectoryOptions,
  entries: BundleEntry[],
  ignored: Bundle['ignored'],
): Promise<Bundle> {
  const digest = await digestTree(entries);
  return {
    source: { type: 'directory', reference: options.directory },
    directory: options.directory,
    entries,
    ignored,
    digest,
    read: (wanted) => readFiles(options, entries, wanted),
    close: async () => {},
  };
}

async function* readFiles(
  { directory, signal }: DirectoryOptions,
  entries: readonly BundleEntry[],
  wanted: ReadonlySet<string>,
): AsyncGenerator<FileContent> {
  for (const entry of entries) {
    if (entry.type !== 'file' || !wanted.has(entry.path)) continue;
    yield { entry, chunks: verified(entry, readFileChunks(join(directory, entry.path), entry), signal) };
  }
}
