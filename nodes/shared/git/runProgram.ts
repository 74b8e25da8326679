import { type ChildProcessWithoutNullStreams, spawn, type StdioOptions } from 'node:child_process';
import { Readable } from 'node:stream';

import { cancelled } from '../source/cancel';
import { DeployError } from '../errors';
import { type CommandLine, guarded, LIFELINE, NOT_FOUND, ownCode } from './guard';

/** How one run of a program is set up. */
export interface ProgramOptions {
  directory: string;
  environment: Readonly<Record<string, string>>;
  /** Lines for its standard input. */
  input?: Iterable<string> | undefined;
  /** A descriptor of this process that becomes the program's descriptor 3. */
  inherited?: number | undefined;
  /** Ends with this process, even when that is killed. */
  guard?: boolean | undefined;
  /** KiB of address space that each process may have; only of what is guarded. */
  memory?: number | undefined;
  signal?: AbortSignal | undefined;
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
  /** Ends it, and everything that it started. `ended` also waits for its output to be read or destroyed. */
  stop(): void;
}

/** What is longer is read as it comes; see `Repository.rows`. */
const LARGEST_OUTPUT = 64 * 1024 * 1024;
const COMPLAINT_BYTES = 16 * 1024;
/** Time to tidy up in: a `git` that is killed leaves its locks and half a pack behind. */
const GRACE_MS = 2000;

/** Starts a program in a process group of its own, with nothing of n8n's environment. */
export function startProgram(argv: CommandLine, options: ProgramOptions): RunningProgram {
  const { directory, environment, input, guard, memory, signal } = options;
  const settings = { cwd: directory, env: { ...environment }, detached: true, stdio: stdioOf(options) };
  const [program, ...args] = guard ? guarded(argv, memory) : argv;
  // eslint-disable-next-line @n8n/community-nodes/no-dangerous-functions -- git and flock, from argument vectors; the guard's script is constant
  const child = spawn(program, args, settings) as ChildProcessWithoutNullStreams;
  // Before its end is waited for, which is that of everything it was given.
  const lifeline = guard ? child.stdio[LIFELINE] : undefined;
  child.on('exit', () => lifeline?.destroy());
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-COMPLAINT_BYTES);
  });
  // Its end tells; without a listener a broken pipe would end n8n.
  for (const stream of [child.stdin, child.stdout, child.stderr, lifeline]) {
    stream?.on('error', () => undefined);
  }
  const stop = stopperOf(child);
  signal?.addEventListener('abort', stop, { once: true });
  const ended = new Promise<Omit<ProgramResult, 'stdout'>>((resolve, reject) => {
    child.on('error', (thrown) => reject(notThere(argv[0], thrown)));
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(cancelled());
      else if (guard && code === NOT_FOUND) reject(notThere(argv[0], { code: 'ENOENT' }));
      else resolve({ code: guard ? ownCode(code) : code, stderr: complaint });
    });
  });
  ended.catch(() => undefined);
  if (signal?.aborted) stop();
  if (input) Readable.from(input).pipe(child.stdin);
  return { stdin: child.stdin, stdout: child.stdout, ended, stop };
}

function stdioOf({ inherited, guard }: ProgramOptions): StdioOptions {
  return ['pipe', 'pipe', 'pipe', inherited ?? 'ignore', guard ? 'pipe' : 'ignore'];
}

/** Asks a process group to end, and ends it when it takes its time. */
function stopperOf(child: ChildProcessWithoutNullStreams): () => void {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined && !closed) process.kill(-child.pid, signal);
    } catch {
      // It ended in the same instant.
    }
  };
  child.on('close', () => {
    closed = true;
    clearTimeout(timer);
  });
  return () => {
    if (closed || timer) return;
    kill('SIGTERM');
    timer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
}

/**
 * Runs a program to its end and keeps what it prints.
 *
 * @throws DeployError `INPUT` when it isn't installed, `CANCELLED`
 */
export async function runProgram(argv: CommandLine, options: ProgramOptions): Promise<ProgramResult> {
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
  if (length > LARGEST_OUTPUT) throw tooMuch(argv[0]);
  return { code, stdout: Buffer.concat(pieces), stderr };
}

function tooMuch(program: string): DeployError {
  const most = `${LARGEST_OUTPUT / 1024 ** 2} MiB`;
  return new DeployError(
    'INPUT',
    `The program ${program} said more than ${most}, which is more than is read.`,
    {
      description: 'The repository holds more than can be looked through; deploy from one that holds less.',
    },
  );
}

function notThere(program: string, thrown: unknown): DeployError {
  const code = (thrown as NodeJS.ErrnoException).code;
  return new DeployError('INPUT', `The program ${program} can't be started on n8n’s machine (${code}).`, {
    description: 'Source Git needs git there; n8n’s own image has it. Install it, or use another source.',
    cause: thrown,
  });
}
