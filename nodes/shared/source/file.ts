import fs from 'node:fs';
import { promisify } from 'node:util';

import { DeployError } from '../errors';
import type { BundleEntry } from './bundle';
import { quote } from './quote';
import { sourceChanged } from './verify';

/** Callbacks of `node:fs` made awaitable: for small files about four times as fast as the handles of `fs.promises`. */
const open = promisify(fs.open);
const read = promisify(fs.read);
const close = promisify(fs.close);

/** A link or FIFO that took a file's place meanwhile is neither followed nor waited for. */
export const READ_FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** What the system answers when something else, or nothing, is where a file was a moment ago. */
const REPLACED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO', 'EAGAIN']);

/** Bytes read at once. */
export const CHUNK_BYTES = 64 * 1024;

/**
 * Yields the content of an entry's file in chunks of at most {@link CHUNK_BYTES}, each in memory of its own, and one
 * byte more than the entry's size where the file has grown. Three system calls for a small file.
 */
export async function* readFileChunks(location: string, entry: BundleEntry): AsyncGenerator<Uint8Array> {
  let descriptor: number | undefined;
  try {
    descriptor = await open(location, READ_FLAGS);
    for (let expected = entry.size; ;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, expected + 1));
      const { bytesRead } = await read(descriptor, buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      expected -= bytesRead;
      const reachedEnd = expected === 0 && bytesRead < buffer.length;
      if (reachedEnd || expected < 0) return;
    }
  } catch (thrown) {
    throw unreadable(entry.path, thrown);
  } finally {
    if (descriptor !== undefined) await close(descriptor);
  }
}

/** What to throw when an entry below the source's directory can't be read: it went away, or it may not be read. */
export function unreadable(path: string, thrown: unknown): DeployError {
  if (thrown instanceof DeployError) return thrown;
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code !== undefined && REPLACED.has(code)) return sourceChanged(path, thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const denied = code === 'EACCES' || code === 'EPERM';
  return new DeployError(
    denied ? 'INPUT' : 'STEP',
    denied
      ? `The source's entry ${quote(path)} can't be read by the user n8n runs as (${code}); give that user read ` +
          'permission, or leave it out with an exclude pattern.'
      : `The source's entry ${quote(path)} can't be read (${reason}); look at the disk it is on.`,
    { cause: thrown },
  );
}
