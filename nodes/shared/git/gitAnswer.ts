import { gitArguments, type GitCall } from './gitArguments';
import type { CommandLine } from './guard';
import { rowsIn } from './rows';
import type { RunningProgram, runProgram } from './runProgram';

/** What `git` could not do, as it said it itself. */
export class GitRefusal extends Error {
  constructor(readonly answer: GitAnswer) {
    super(answer.said);
  }
}

/** How a run of `git` ended. */
export interface GitAnswer {
  ok: boolean;
  code: number | null;
  stdout: Buffer;
  /** What it complained about. */
  said: string;
}

/** The command of a run of `git`. */
export function commandLine(call: GitCall): CommandLine {
  return ['git', ...gitArguments(call)];
}

/** Waits for the end of a run. */
export async function answerOf(running: ReturnType<typeof runProgram>): Promise<GitAnswer> {
  const { code, stdout, stderr } = await running;
  return { ok: code === 0, code, stdout, said: stderr };
}

/** What it printed. Throws what it could not do. */
export function succeeded(answer: GitAnswer): Buffer {
  if (!answer.ok) throw new GitRefusal(answer);
  return answer.stdout;
}

/** What a program that was just started prints, row by row as it comes. Throws what it could not do. */
export async function* rowsOf(program: RunningProgram, end: '\n' | '\0'): AsyncGenerator<string> {
  program.stdin.end();
  try {
    yield* rowsIn(program.stdout as AsyncIterable<Buffer>, end);
    const { code, stderr } = await program.ended;
    if (code !== 0) throw new GitRefusal({ ok: false, code, stdout: Buffer.alloc(0), said: stderr });
  } finally {
    program.stop();
    program.stdout.destroy();
  }
}
