import { type FileHandle, open, stat } from 'node:fs/promises';

import { type ProgramOptions, runProgram } from './runProgram';

/**
 * Locks between processes, held on the descriptor of a file that every process opens for itself. The kernel frees a lock
 * when the last process that has the descriptor closes it or ends, so none can go stale.
 */
export interface FileLock {
  /** For a program that is to hold the lock, too, should this process end before it; none where nobody else comes. */
  descriptor?: number;
  release(): Promise<void>;
}

const FLAGS = { shared: ['-s'], exclusive: ['-x'], exclusiveOrNone: ['-n', '-x'] } as const;

/**
 * Takes a lock on a file, which is made when it isn't there; waits until it can be had.
 *
 * @returns undefined only for `exclusiveOrNone`, when somebody else holds it
 */
export async function lockFile<K extends keyof typeof FLAGS>(
  path: string,
  kind: K,
  run: ProgramOptions,
): Promise<FileLock | (K extends 'exclusiveOrNone' ? undefined : never)> {
  const flags: readonly string[] = FLAGS[kind];
  for (;;) {
    const file = await open(path, 'a', 0o600);
    let taken = false;
    try {
      // Node knows no flock(2). The lock belongs to the open file, which the program only lends its hand to.
      const { code, stderr } = await runProgram(['flock', ...flags, '3'], {
        ...run,
        inherited: file.fd,
      });
      taken = code === 0 && (await isStillAt(path, file));
      if (taken) return { descriptor: file.fd, release: () => file.close() };
      if (code === 1 && kind === 'exclusiveOrNone') return undefined as never;
      if (code !== 0) throw new Error(`flock ended with ${code}: ${stderr}`);
    } finally {
      if (!taken) await file.close();
    }
  }
}

/** Whether a file that was waited for has not been removed or replaced meanwhile. */
async function isStillAt(path: string, file: FileHandle): Promise<boolean> {
  try {
    return (await stat(path)).ino === (await file.stat()).ino;
  } catch {
    return false;
  }
}
