/** Runs with a Memory Limit of an engine that takes memory, on a kernel of its own: each says what became of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { connectLocal } from '../../nodes/shared/connection/local';
import { DeployError } from '../../nodes/shared/errors';
import { ExecutorClient } from '../../nodes/shared/executor/client';
import { runIn } from './runRequests';

const LIMIT = 120;
const base = '/run/app';

/** It says its group, and then takes memory: at once and only for a moment, shared with children, or by children. */
const ENGINE = `
import os, sys, time
def take(megabytes):
    return b"x" * (megabytes << 20)
what = sys.argv[1]
print(open("/proc/self/cgroup").read().strip().split("\\n")[-1][3:], flush=True)
if what == "moment":
    held = take(200)
    del held
elif what == "shared":
    held = take(60)
    for _ in range(3):
        if os.fork() == 0:
            time.sleep(1)
            os._exit(0)
    time.sleep(1)
elif what == "children":
    pids = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            held = take(60)
            time.sleep(30)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    time.sleep(30)
`;

/** What became of a run, under the name that it was given. */
export interface Told {
  name: string;
  status: unknown;
  message?: string;
  /** The control group that it said it was in. */
  group: string;
}

export function layEngine(): void {
  mkdirSync(base);
  writeFileSync(join(base, 'run.py'), ENGINE);
}

export async function limitedRun(name: string, what: string, python = 'python3'): Promise<Told> {
  const client = await ExecutorClient.open(connectLocal(), {
    interpreter: { python, become: 'none', runtime: 'host' },
  });
  const changes = { wanted: { kind: 'text' }, memoryLimitMegabytes: LIMIT } as const;
  try {
    const { status, output } = await runIn(client, base, [what], changes);
    return { name, status, group: String(output).trim() };
  } catch (error) {
    const { message, details } = error as DeployError;
    const tail = String((details as { output?: unknown }).output ?? '').trim();
    return { name, status: (details as { status?: unknown }).status, message, group: tail };
  } finally {
    await client.close();
  }
}
