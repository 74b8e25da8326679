import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RolloutResult } from '../../nodes/shared/rollout/rolloutResult';
import { getRollout } from '../../nodes/shared/operations/getRollout';
import type { WatchPolicy } from '../../nodes/shared/rollout/watchPolicy';
import { inConversation, PYTHON } from './deployment';
import { asBasePath } from './named';
import { writeTree } from './tree';
import { until } from './until';

/** Ends by nothing that is told of time: tests say what they want sooner. */
export const WATCH: WatchPolicy = { watchSeconds: 600, minimumRuns: 3, checkSeconds: 600, logs: [] };

/** A version of an engine that does something, in Python, for `words`; `engine` is its module. */
export function watchedEngine(does: string): Record<string, string> {
  return {
    'run.py': 'import sys\nsys.path.insert(0, "src")\nimport engine\nengine.run(sys.argv[1:])\n',
    'src/engine.py': `import os, signal, sys, time\ndef run(words):\n    ${does}\n`,
  };
}

/** Writes such versions, each into a directory of its own. */
export function watchedVersions(make: (purpose?: string) => Promise<string>) {
  return async (does: string): Promise<string> => {
    const directory = await make('version');
    await writeTree(directory, watchedEngine(does));
    return directory;
  };
}

/** Runs the engine as a workflow does, with a document of its own for each name. Gives its exit code. */
export function extract(base: string, name: string): number | null {
  const document = join(base, name);
  if (!existsSync(document)) writeFileSync(document, name);
  return spawnSync(PYTHON, ['run.py', name], { cwd: base, stdio: 'ignore' }).status;
}

/** What is said of the last rollout. */
export async function rolloutOf(base: string): Promise<RolloutResult> {
  const { rollout } = await inConversation((client) => getRollout(client, asBasePath(base)));
  if (!rollout) throw new Error('there is no rollout');
  return rollout;
}

interface Written {
  id: string;
  state: string;
  candidate: { runs: number; failed: number };
  unknown: number;
}

/** Where a guard writes what it has counted. */
export const countsOf = (base: string): string => join(base, '.hot-deploy/rollout-counts.json');

/** What is written down of the last rollout, and what its guard has counted by then. */
export function writtenRollout(base: string): Written {
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Written;
  const rollout = read(join(base, '.hot-deploy/rollout.json'));
  const counts = existsSync(countsOf(base)) ? read(countsOf(base)) : undefined;
  return counts && counts.id === rollout.id ? { ...rollout, ...counts } : rollout;
}

/** How a rollout ended, once the engine's side has written that down. */
export async function endedRollout(base: string, withinMs = 20_000): Promise<RolloutResult> {
  await until(() => writtenRollout(base).state !== 'watching', withinMs);
  return rolloutOf(base);
}

/** Once so many runs were counted. */
export async function counted(base: string, runs: number, withinMs = 10_000): Promise<Written> {
  await until(() => writtenRollout(base).candidate.runs >= runs, withinMs);
  return writtenRollout(base);
}

/** The processes that watch an engine: those that have its guard's lock open. */
export function guardsOf(base: string): number[] {
  const lock = join(base, '.hot-deploy/rollout.lock');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => opens(pid, lock));
}

function opens(pid: number, path: string): boolean {
  try {
    const fds = `/proc/${pid}/fd`;
    return readdirSync(fds).some((fd) => {
      try {
        return readlinkSync(join(fds, fd)) === path;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
