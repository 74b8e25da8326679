import { createHash } from 'node:crypto';

import { DeployError } from '../errors';
import type { BundleEntry } from './bundle';
import { throwIfCancelled } from './cancel';
import { quote } from './quote';

/**
 * Passes a file's content on and compares it, at its end, with what its entry promised.
 * Throws `SOURCE_CHANGED` when size or SHA-256 differ; a file that grew is not read beyond its size.
 */
export async function* verified(
  entry: BundleEntry,
  chunks: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    throwIfCancelled(signal);
    size += chunk.length;
    if (size > entry.size) throw sourceChanged(entry.path);
    hash.update(chunk);
    yield chunk;
  }
  if (size !== entry.size || hash.digest('hex') !== entry.digest) throw sourceChanged(entry.path);
}

/** The `SOURCE_CHANGED` that names the file and says to run again. */
export function sourceChanged(path: string, cause?: unknown): DeployError {
  return new DeployError(
    'SOURCE_CHANGED',
    `The source's file ${quote(path)} changed while it was being read; run the deployment again once nobody writes to it.`,
    { cause },
  );
}
