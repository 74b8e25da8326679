import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Readable } from 'node:stream';

import { cancelled } from '../source/cancel';
import { DeployError } from '../errors';

/** How one run of a program is set up. */
export interface ProgramOptions {
  directory: string;
  environment: Readonly<Record<string, string>>;
  /** Lines for its standard input. */
  input?: Iterable<string>;
  signal?: AbortSignal;
}

/** How a program ended that was run to its end. */
export interface ProgramResult {
  code: number | null;
  stdout: Buffer;
  /** The last of what it complained about. */
  stderr: string;
}

/** A running program whose output is read as it comes. */
export interface RunningProgram {
  stdin: ChildProcessWithoutNullStreams['stdin'];
  stdout: Readable;
  /** Resolves when it has ended; rejects when it could not be started, or when the caller cancelled. */
  ended: Promise<Omit<ProgramResult, 'stdout'>>;
  /** Ends it, and everything that it started. */
  stop(): void;
}

/** More than the list of 200,000 files with long names. */
const LARGEST_OUTPUT = 256 * 1024 * 1024;
const COMPLAINT_BYTES = 16 * 1024;

/** Starts a program in a process group of its own, with nothing of n8n's environment. */
export function startProgram(argv: readonly string[], options: ProgramOptions): RunningProgram {
  const { directory, environment, input, signal } = options;
  // eslint-disable-next-line @n8n/community-nodes/no-dangerous-functions -- git and flock, from argument vectors without a shell
  const child = spawn(argv[0], argv.slice(1), { cwd: directory, env: { ...environment }, detached: true });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-COMPLAINT_BYTES);
  });
  // Its end tells; without a listener a broken pipe would end n8n.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  const stop = (): void => {
    try {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGKILL');
      }
    } catch {
      // It ended in the same instant.
    }
  };
  signal?.addEventListener('abort', stop, { once: true });
  const ended = new Promise<Omit<ProgramResult, 'stdout'>>((resolve, reject) => {
    child.on('error', (thrown) => reject(notThere(argv[0], thrown)));
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(cancelled());
      else resolve({ code, stderr: complaint });
    });
  });
  ended.catch(() => undefined);
  if (signal?.aborted) stop();
  if (input) Readable.from(input).pipe(child.stdin);
  return { stdin: child.stdin, stdout: child.stdout, ended, stop };
}

/**
 * Runs a program to its end and keeps what it prints.
 *
 * @throws DeployError `INPUT` when it isn't installed, `CANCELLED`
 */
export async function runProgram(argv: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const running = startProgram(argv, options);
  if (!options.input) running.stdin.end();
  const pieces: Buffer[] = [];
  let length = 0;
  running.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= LARGEST_OUTPUT) pieces.push(chunk);
    else running.stop();
  });
  const { code, stderr } = await running.ended;
  return { code, stdout: Buffer.concat(pieces), stderr };
}

function notThere(program: string, thrown: unknown): DeployError {
  const code = (thrown as NodeJS.ErrnoException).code;
  return new DeployError('INPUT', `The program ${program} can't be started on n8n’s machine (${code}).`, {
    description: 'Source Git needs git there; n8n’s own image has it. Install it, or use another source.',
    cause: thrown,
  });
}
