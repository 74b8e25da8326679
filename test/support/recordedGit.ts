import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The arguments of every run of `git`, which runs as always. */
export interface RecordedGit {
  runs(): Promise<string[][]>;
  forget(): Promise<void>;
  stop(): void;
}

/** Puts a script before `git` in PATH that writes down its arguments and becomes the real one. */
export async function recordGit(directory: string): Promise<RecordedGit> {
  const { PATH = '' } = process.env;
  const log = join(directory, 'runs');
  const bin = join(directory, 'bin');
  await mkdir(bin);
  const script = ['#!/bin/sh', `printf '%s\\0' "$@" '' >> '${log}'`, `PATH='${PATH}'`, 'exec git "$@"', ''];
  await writeFile(join(bin, 'git'), script.join('\n'));
  await chmod(join(bin, 'git'), 0o755);
  await writeFile(log, '');
  process.env.PATH = `${bin}${delimiter}${PATH}`;
  return {
    runs: async () => {
      const text = await readFile(log, 'utf8');
      const runs = text.split('\0\0').map((run) => run.split('\0'));
      return runs.slice(0, -1);
    },
    forget: () => writeFile(log, ''),
    stop: () => {
      process.env.PATH = PATH;
    },
  };
}
