import { createHash } from 'node:crypto';

import { DeployError, expected } from '../errors';
import type { BundleEntry, FileContent } from '../source/bundle';
import { ByteReader } from '../source/bytes';
import { throwIfCancelled } from '../source/cancel';
import { asLines } from './fetch';
import type { LimitCounter } from '../source/bundleLimits';
import { isLauncher, LAUNCHER_START, launcherInSource } from '../source/launcher';
import { quote } from '../source/quote';
import { fileEntry, linkEntry } from '../source/tree';
import { verified } from '../source/verify';
import type { ListedFile } from './listing';
import type { Repository } from './repository';

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';
const LONGEST_HEADER = 256;
/** In bytes: no path is longer. */
const LONGEST_TARGET = 4096;

/** One object as `git cat-file --batch` gives it. */
interface Content {
  size: number;
  chunks: AsyncGenerator<Buffer>;
}

/**
 * Reads the content of listed files once and makes the bundle's entries of them.
 *
 * @throws DeployError `INPUT` for a pointer of Git LFS, whose file lies somewhere else, and for more than the limits allow
 */
export async function hashContents(
  repository: Repository,
  files: readonly ListedFile[],
  limits: LimitCounter,
  signal?: AbortSignal,
): Promise<BundleEntry[]> {
  const known = new Map<string, { size: number; digest: string; start: Buffer }>();
  const paths = new Map<string, string[]>();
  for (const { blob, path } of files) paths.set(blob, [...(paths.get(blob) ?? []), path]);
  const blobs = [...paths.keys()];
  const links = new Set(files.filter(({ type }) => type === 'link').map(({ blob }) => blob));
  const contents = readContents(repository, blobs, signal);
  try {
    for (const blob of blobs) {
      const { value } = await contents.next();
      const { size, chunks } = value as Content;
      // The same content counts wherever it is: that much will be on the engine's disk.
      for (const path of paths.get(blob) ?? []) limits.addBytes(path, size);
      const { digest, start } = await digestOf(chunks, links.has(blob) ? LONGEST_TARGET : LAUNCHER_START);
      known.set(blob, { size, digest, start });
    }
  } finally {
    await contents.return(undefined);
  }
  return files.map(({ path, type, mode, blob }) => {
    const { size, digest, start } = known.get(blob) as { size: number; digest: string; start: Buffer };
    if (type === 'link') return linkEntry(path, start.toString('utf8'));
    if (start.toString('latin1').startsWith(LFS_POINTER)) throw lfsPointer(path);
    if (isLauncher(start)) throw launcherInSource(path);
    return fileEntry(path, mode, size, digest);
  });
}

/** A commit's files: `entries` and `files` name the same ones in the same order. */
export interface CommitFiles {
  repository: Repository;
  entries: readonly BundleEntry[];
  files: readonly ListedFile[];
  signal?: AbortSignal | undefined;
}

/** The content of the wanted files, in the order of the entries. */
export async function* readFiles(
  { repository, entries, files, signal }: CommitFiles,
  wanted: ReadonlySet<string>,
): AsyncGenerator<FileContent> {
  const chosen = entries
    .map((entry, index) => ({ entry, blob: expected(files[index], 'the blob of a file').blob }))
    .filter(({ entry }) => entry.type === 'file' && wanted.has(entry.path));
  const contents = readContents(
    repository,
    chosen.map(({ blob }) => blob),
    signal,
  );
  try {
    for (const { entry } of chosen) {
      const { value } = await contents.next();
      yield { entry, chunks: verified(entry, (value as Content).chunks, signal) };
    }
  } finally {
    // Also when the reader stops half-way: the program would wait for ever to get rid of the rest.
    await contents.return(undefined);
  }
}

/** Reads objects one after the other; each has to be read to its end, or is skipped, before the next. */
async function* readContents(
  repository: Repository,
  blobs: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<Content, undefined> {
  if (blobs.length === 0) return;
  const program = await repository.start(
    { command: 'cat-file', options: ['--batch', '--buffer'] },
    asLines(blobs),
  );
  const reader = new ByteReader(program.stdout);
  const lost = async (blob: string): Promise<DeployError> => {
    throwIfCancelled(signal);
    await repository.markDamaged();
    return cutOff(blob);
  };
  try {
    for (const blob of blobs) {
      throwIfCancelled(signal);
      const size = await readHeader(reader, blob);
      if (size === undefined) throw await lost(blob);
      let left = size;
      const take = async function* (): AsyncGenerator<Buffer> {
        for (let piece; left > 0; left -= piece.length) {
          piece = await reader.some(left);
          if (!piece) throw await lost(blob);
          yield piece;
        }
      };
      yield { size, chunks: take() };
      const rest = take();
      while (!(await rest.next()).done);
      await reader.take(1);
    }
  } finally {
    program.stop();
    program.stdout.destroy();
    await program.ended.catch(() => undefined);
  }
}

/** The size of the content that follows; undefined when it isn't there. */
async function readHeader(reader: ByteReader, blob: string): Promise<number | undefined> {
  const ahead = await reader.peek(LONGEST_HEADER);
  const end = ahead.indexOf(10);
  if (end < 0) return undefined;
  const [id, kind, size] = (await reader.take(end + 1)).toString('latin1').trimEnd().split(' ');
  return id === blob && kind === 'blob' ? Number(size) : undefined;
}

/** The digest of some content, and at most `length` bytes of its start. */
async function digestOf(
  chunks: AsyncIterable<Buffer>,
  length: number,
): Promise<{ digest: string; start: Buffer }> {
  const hash = createHash('sha256');
  let start = Buffer.alloc(0);
  for await (const chunk of chunks) {
    hash.update(chunk);
    if (start.length < length) start = Buffer.concat([start, chunk.subarray(0, length - start.length)]);
  }
  return { digest: hash.digest('hex'), start };
}

function cutOff(blob: string): DeployError {
  return new DeployError(
    'STEP',
    `The cached repository lost content ${blob} while it was read; run it again.`,
  );
}

function lfsPointer(path: string): DeployError {
  return new DeployError('INPUT', `${quote(path)} is kept in Git LFS, which is not fetched.`, {
    description: 'Leave it out with Exclude, or bring it another way, such as an archive as the source.',
  });
}
