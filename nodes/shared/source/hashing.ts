import { on } from 'node:events';
import { Worker } from 'node:worker_threads';

import { DeployError, expected, toDeployError } from '../errors';
import { throwIfCancelled } from './cancel';
import { CHUNK_BYTES, READ_FLAGS, unreadable } from './file';
import type { LimitCounter } from './bundleLimits';
import { LAUNCHER_MARKER, LAUNCHER_START, launcherInSource } from './launcher';
import { sourceChanged } from './verify';

/** What hashing a file tells about it. */
export interface HashedFile {
  /** As `stat` gives it, with type and special bits. */
  mode: number;
  size: number;
  /** Lower-case hexadecimal SHA-256. */
  digest: string;
}

export interface HashingOptions {
  /** Absolute path of the directory that the files are in. */
  directory: string;
  signal?: AbortSignal | undefined;
  /** Counts the files' sizes; the file that passes its limit is not read. */
  limits: LimitCounter;
}

/**
 * Runs in a thread of its own. Synchronous calls take a sixth of the time that asynchronous ones need for small files,
 * and here they keep nobody waiting. Given as text because a worker's file would have to be compiled first in tests.
 */
const HASH = `
  const { parentPort, workerData } = require('node:worker_threads');
  const fs = require('node:fs');
  const { createHash, hash } = require('node:crypto');
  const { directory, chunkBytes, flags, marker, start } = workerData;
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const CHANGED = { changed: true };
  const LAUNCHER = { launcher: true };
  let left = workerData.maxBytes;

  function hashFile(location) {
    const descriptor = fs.openSync(location, flags);
    try {
      const stat = fs.fstatSync(descriptor);
      if (!stat.isFile()) throw CHANGED;
      if (stat.size > left) throw { size: stat.size };
      left -= stat.size;
      return { mode: stat.mode, size: stat.size, digest: hashContent(descriptor, stat.size) };
    } finally {
      fs.closeSync(descriptor);
    }
  }

  function hashContent(descriptor, size) {
    let bytes = fs.readSync(descriptor, buffer, 0, chunkBytes, null);
    if (buffer.subarray(0, Math.min(bytes, start)).includes(marker)) throw LAUNCHER;
    if (bytes === size && size < chunkBytes) return hash('sha256', buffer.subarray(0, size));
    const whole = createHash('sha256');
    let total = 0;
    for (; bytes > 0; bytes = fs.readSync(descriptor, buffer, 0, chunkBytes, null)) {
      total += bytes;
      if (total > size) break;
      whole.update(buffer.subarray(0, bytes));
    }
    if (total !== size) throw CHANGED;
    return whole.digest('hex');
  }

  parentPort.on('message', (paths) => {
    const hashed = [];
    try {
      for (const path of paths) hashed.push(hashFile(directory + '/' + path));
      parentPort.postMessage({ hashed });
    } catch ({ changed, launcher, size, code, message }) {
      parentPort.postMessage({ hashed, failure: { changed, launcher, size, code, message } });
    }
  });
`;

/** Files in one message: enough for messages to cost little, few enough for the thread to begin while others are found. */
const BATCH = 250;

/** Why the thread went no further: something else is there now, it is a launcher, too much, or what the system says. */
interface Failure {
  changed?: boolean;
  launcher?: boolean;
  size?: number;
  code?: string;
  message?: string;
}

interface Answer {
  /** The next files, in the order in which they were added. */
  hashed: HashedFile[];
  /** About the file after them; nothing is told of others then. */
  failure?: Failure;
}

/** Hashes files of one directory in a thread, which starts at once, works while files are added, and is to be stopped. */
export class Hashing {
  private readonly worker: Worker;
  private readonly answers: AsyncIterable<[Answer]>;
  private readonly paths: string[] = [];
  private posted = 0;

  constructor(private readonly options: HashingOptions) {
    const { directory, limits, signal } = options;
    throwIfCancelled(signal);
    this.worker = new Worker(HASH, {
      eval: true,
      workerData: {
        ...{ directory, maxBytes: limits.bytesLeft, chunkBytes: CHUNK_BYTES, flags: READ_FLAGS },
        ...{ marker: LAUNCHER_MARKER, start: LAUNCHER_START },
      },
    });
    // Whoever waits hears of it from there; later, without a listener, it would end n8n.
    this.worker.on('error', () => undefined);
    this.answers = on(this.worker, 'message', {
      ...(signal && { signal }),
      close: ['exit'],
    }) as AsyncIterable<[Answer]>;
  }

  /** Adds a file, by its path relative to the directory. */
  readonly add = (path: string): void => {
    this.paths.push(path);
    if (this.paths.length - this.posted >= BATCH) this.post();
  };

  private pathAt(index: number): string {
    return expected(this.paths[index], 'the path of a file');
  }

  /** What the added files are, in their order. Throws `SOURCE_CHANGED`, `INPUT`, `STEP` or `CANCELLED`. */
  async finish(): Promise<HashedFile[]> {
    const { limits, signal } = this.options;
    this.post();
    const all: HashedFile[] = [];
    if (this.paths.length === 0) return all;
    try {
      for await (const [{ hashed, failure }] of this.answers) {
        for (const file of hashed) {
          limits.addBytes(this.pathAt(all.length), file.size);
          all.push(file);
        }
        if (failure) throw reasonOf(failure, this.pathAt(all.length), limits);
        if (all.length === this.paths.length) return all;
      }
    } catch (thrown) {
      throwIfCancelled(signal);
      throw toDeployError(thrown);
    }
    throw new DeployError('STEP', 'The thread that reads the source ended before it was done; run again.');
  }

  private post(): void {
    if (this.posted < this.paths.length) this.worker.postMessage(this.paths.slice(this.posted));
    this.posted = this.paths.length;
  }

  /** Ends the thread, wherever it is. */
  stop(): void {
    // Not awaited: a file system that doesn't answer must not keep anybody from leaving.
    void this.worker.terminate();
  }
}

function reasonOf(
  { changed, launcher, size, ...system }: Failure,
  path: string,
  limits: LimitCounter,
): DeployError {
  if (launcher) return launcherInSource(path);
  if (size !== undefined) limits.addBytes(path, size);
  return changed ? sourceChanged(path) : unreadable(path, Object.assign(new Error(system.message), system));
}
