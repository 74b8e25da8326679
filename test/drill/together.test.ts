import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { connectSsh } from '../../nodes/shared/connection/ssh';
import { pruneReleases } from '../../nodes/shared/operations/prune';
import {
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  openClient,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../support/deployment';
import { repairAt } from '../support/repairing';
import { liveTree, treeOf } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';
import { withKey } from '../support/sshOptions';
import { thrownBy } from '../support/thrown';
import { asBasePath } from '../support/named';

const make = temporaryDirectories();
let sshd: Sshd;
let v1: string, v2: string, v4: string;

beforeAll(async () => {
  sshd = await startSshd();
  [v1, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
});
afterAll(() => sshd.stop());

/** What the history says, switch by switch. */
function events(base: string): string[] {
  const lines = readFileSync(join(base, '.hot-deploy/history.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { event: string }).event);
}

test('P2: deployments, rollbacks and prunes at once, over several connections, wait for each other', async () => {
  const base = await make();
  for (const version of [v1, v2, v4]) await deployTo(base, version);
  const before = events(base).length;
  const connection = await connectSsh(withKey(sshd));
  const waiting = { lockWaitSeconds: 50, deployUnchanged: true };
  const results = await Promise.all([
    deployTo(base, v1, waiting),
    deployTo(base, v2, waiting, { connection }),
    deployTo(base, v4, waiting),
    rollBackTo(base, { target: 'previous' }, waiting, { connection }),
    inConversation((client) =>
      pruneReleases(
        client,
        { ...deployOptions(base), lockWaitSeconds: 50 },
        { keepReleases: 5, keepBackups: 2 },
      ),
    ),
    repairAt(base, { lockWaitSeconds: 50 }),
  ]);
  await connection.close();
  expect(results).toHaveLength(6);
  // One after the other: every switch is decided on before the next is announced.
  const added = events(base).slice(before);
  expect(added).toHaveLength(8);
  expect(added.filter((_event, index) => index % 2 === 0)).toEqual(Array(4).fill('flip'));
  expect(added.filter((_event, index) => index % 2 === 1)).toEqual(Array(4).fill('confirmed'));
  expect([treeOf(v1), treeOf(v2), treeOf(v4)]).toContainEqual(liveTree(base));
  expect(await repairAt(base)).toMatchObject({ status: 'sound' });
});

test('one goes; the others say who holds the lock, since when and from which workflow', async () => {
  const base = await make();
  await deployTo(base, v1);
  let others: Promise<unknown[]> | undefined;
  const ask = () =>
    Promise.all([
      thrownBy(deployTo(base, v4)),
      thrownBy(rollBackTo(base, { target: 'previous' })),
      thrownBy(
        inConversation((client) =>
          pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 1 }),
        ),
      ),
      thrownBy(repairAt(base)),
    ]);
  const code = 'import time\nprint("here", flush=True)\ntime.sleep(5)';
  const sleeper = [checkOf({ type: 'python', name: 'long check', code })];
  const holder = { workflow: 'Nightly deployment', execution: '4711' };
  const result = await deployTo(base, v2, {
    holder,
    checks: sleeper,
    onStep: ({ step, phase }) => {
      if (step === 'long check' && phase === 'output') others ??= ask();
    },
  });
  expect(result.status).toBe('deployed');
  for (const error of (await others) as Array<Awaited<ReturnType<typeof thrownBy>>>) {
    expect(error.code).toBe('LOCKED');
    expect(error.message).toMatch(
      /Nightly deployment \(execution 4711\) holds the lock of \S+ since \d{4}-\d\d-\d\dT/,
    );
  }
});

test('a lock is broken by ending its holder, and in no other way', async () => {
  const base = await make();
  await deployTo(base, v1);
  const holder = await openClient();
  await holder.call('lock', {
    basePath: asBasePath(base),
    create: false,
    holder: { workflow: 'Stuck' },
    waitSeconds: 0,
  });
  const error = await thrownBy(deployTo(base, v2));
  const { processId } = error.details.holder as { processId: number };
  expect(error.description).toContain(`(id ${processId} on the engine's side)`);
  expect(processId).toBe(holder.hello.processId);
  process.kill(processId, 'SIGKILL');
  expect((await deployTo(base, v2, { lockWaitSeconds: 5 })).status).toBe('deployed');
  await holder.close();
});

test('P5: no lock is kept by what a killed executor had started', async () => {
  const base = await make();
  await deployTo(base, v1);
  const code =
    'import os, signal, time\nprint(os.getpid(), flush=True)\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(30)';
  const checks = [checkOf({ type: 'python', name: 'orphan', code, timeoutSeconds: 60 })];
  let orphan = 0;
  const onStep: Parameters<typeof deployTo>[2] = {
    onStep: ({ step, phase, text }) => {
      if (step === 'orphan' && phase === 'output') orphan = Number(text);
    },
  };
  expect((await thrownBy(deployTo(base, v2, { checks, ...onStep }))).code).toBe('LOST');
  expect(await deployTo(base, v2)).toMatchObject({ status: 'deployed' });
  if (orphan) process.kill(orphan, 'SIGKILL');
});

test('the lock holds against other processes that lock the same file', async () => {
  const base = await make();
  await deployTo(base, v1);
  const code = `import fcntl, sys
handle = open(sys.argv[1])
fcntl.flock(handle, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()`;
  const other = spawn(PYTHON, ['-c', code, join(base, '.hot-deploy/lock')]);
  await once(other.stdout, 'data');
  expect((await thrownBy(deployTo(base, v2))).code).toBe('LOCKED');
  other.stdin.end();
  await once(other, 'exit');
  expect((await deployTo(base, v2)).status).toBe('deployed');
});
