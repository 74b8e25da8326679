/** Ending runs: real ones, each with all that it has started, and nothing else. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Pinning } from '../../../nodes/shared/contract/records';
import { getRuns } from '../../../nodes/shared/operations/getRuns';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import {
  stopRuns,
  type StopRunsOptions,
  type StopRunsResult,
} from '../../../nodes/shared/operations/stopRuns';
import {
  deployOptions,
  deployTo,
  inConversation,
  PYTHON,
  temporaryDirectories,
} from '../../support/deployment';
import { asBasePath } from '../../support/named';
import { availablePythons } from '../../support/pythons';
import { isRunning, StartedRuns, stayingEngine } from '../../support/startedRuns';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { asUser, userPython } from '../../support/userPython';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const started = new StartedRuns();
let base: string;
let old: string;
let live: string;
afterEach(() => started.endAll());

beforeAll(async () => {
  base = await make('app');
  old = await deployLabel(base, '1');
  live = await deployLabel(base, '2');
});

async function deployLabel(to: string, label: string, pinning: Pinning = 'auto'): Promise<string> {
  const source = await make('source');
  await writeTree(source, stayingEngine(label));
  return (await deployTo(to, source, { pinning })).release;
}

let label = 10;
/** Has what was started through the launcher run an old release. */
async function becomeOld(): Promise<void> {
  [old, live] = [live, await deployLabel(base, String(label++))];
}

const ofOld = () => ({ program: [`releases/${old}/run.py`] });

const stop = (changes: Partial<StopRunsOptions> = {}, python?: string): Promise<StopRunsResult> =>
  inConversation(
    (client) =>
      stopRuns(client, {
        basePath: asBasePath(base),
        chosen: [],
        includeLive: false,
        dryRun: false,
        graceSeconds: 10,
        holder: { workflow: 'Test', execution: '1', operation: 'stopRuns' },
        ...changes,
      }),
    python ? { python } : {},
  );
const running = (pids: readonly number[]) => pids.filter(isRunning);
const endsOf = ({ runs }: StopRunsResult) => runs.map(({ processId, end }) => [processId, end]);

/** The last line of the history. */
function lastNoted(): Record<string, unknown> {
  const lines = readFileSync(join(base, '.hot-deploy/history.jsonl'), 'utf8').trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

test('6.2, 6.7: only those of releases that are not live, by default; the history says who asked, which and how', async () => {
  const [gone] = await started.start(base, 'wait', ofOld());
  const [stays] = await started.start(base, 'wait');
  const result = await stop();
  expect(result).toMatchObject({
    host: 'localhost',
    basePath: base,
    status: 'stopped',
    summary: `1 run of ${base} stopped.`,
    runs: [{ processId: gone, run: null, release: old, end: 'ended', reason: null }],
  });
  expect(result.runs[0].command).toMatch(/run\.py wait$/);
  expect(running([gone, stays])).toEqual([stays]);
  expect(lastNoted()).toMatchObject({
    event: 'stopped',
    by: { workflow: 'Test', execution: '1', operation: 'stopRuns' },
    runs: [{ processId: gone, end: 'ended' }],
  });
});

test('P4, 6.4: one that ignores being asked is gone within the grace and 5 s, and its release can be pruned', async () => {
  const app = await make('app');
  const release = await deployLabel(app, '1');
  const [pid] = await started.start(app, 'stubborn');
  for (const label of ['2', '3']) await deployLabel(app, label);
  const prune = () =>
    inConversation((client) =>
      pruneReleases(client, deployOptions(app), { keepReleases: 1, keepBackups: 0 }),
    );
  expect((await prune()).releases).not.toContain(release);
  const before = performance.now();
  const result = await stop({ basePath: asBasePath(app), graceSeconds: 1 });
  const took = performance.now() - before;
  expect(endsOf(result)).toEqual([[pid, 'killed']]);
  expect(result.summary).toContain('1 killed after the grace');
  expect(isRunning(pid)).toBe(false);
  expect(took).toBeGreaterThan(1000);
  expect(took).toBeLessThan(6000);
  expect((await prune()).releases).toContain(release);
});

test('6.2: the whole tree: children that show nothing of it, what has left its parent, and all else stays', async () => {
  const bystander = await elsewhere();
  const pids = await started.start(base, 'parent+daemon');
  const others = await started.start(base, 'parent+daemon');
  await becomeOld();
  const result = await stop({ chosen: [String(pids[0])] });
  expect(endsOf(result)).toEqual([[pids[0], 'ended']]);
  expect(running([...pids, ...others, bystander.pid as number])).toEqual([...others, bystander.pid]);
  bystander.kill('SIGKILL');
});

test.each(['code', 'release'] as const)('the whole tree, where runs are pinned by %s', async (pinning) => {
  const app = await make('app');
  await deployLabel(app, '1', pinning);
  const pids = await started.start(app, 'parent+daemon');
  await deployLabel(app, '2', pinning);
  const result = await stop({ basePath: asBasePath(app) });
  expect(endsOf(result)).toEqual([[pids[0], 'ended']]);
  expect(running(pids)).toEqual([]);
});

test.each(availablePythons())(
  'one that ignores being asked is killed by an executor of %s',
  async (python) => {
    const [pid] = await started.start(base, 'stubborn', ofOld());
    const result = await stop({ graceSeconds: 0 }, python);
    expect(endsOf(result)).toEqual([[pid, 'killed']]);
    expect(isRunning(pid)).toBe(false);
  },
);

test('what it starts while it ends is ended, too', async () => {
  const told = join(await make('told'), 'pid');
  const [pid] = await started.start(base, 'late', { env: { TOLD: told } });
  await becomeOld();
  const result = await stop({ graceSeconds: 1 });
  const late = Number(readFileSync(told, 'utf8'));
  started.add(late);
  expect(endsOf(result)).toEqual([[pid, 'killed']]);
  expect(late).toBeGreaterThan(1);
  expect(running([pid, late])).toEqual([]);
});

test('6.6: a dry run lists the same set as the real one, and ends nothing', async () => {
  const pids = [await started.start(base, 'wait'), await started.start(base, 'parent+daemon')].flat();
  await becomeOld();
  pids.push(...(await started.start(base, 'wait')));
  const dry = await stop({ dryRun: true });
  expect(running(pids)).toEqual(pids);
  expect(dry).toMatchObject({ status: 'planned', summary: `2 runs of ${base} would be stopped.` });
  const real = await stop();
  const set = ({ runs }: StopRunsResult) => runs.map(({ end: _, ...run }) => run);
  expect(set(dry)).toEqual(set(real));
  expect(dry.runs.map(({ end }) => end)).toEqual(['planned', 'planned']);
});

test('6.2: one of the live release is refused without the switch, also when it is chosen; with it, it ends', async () => {
  const [pid] = await started.start(base, 'wait', { env: { HOT_DEPLOY_RUN: '0123456789abcdef' } });
  for (const chosen of [[String(pid)], ['0123456789abcdef']]) {
    const refused = await thrownBy(stop({ chosen }));
    expect(refused).toMatchObject({
      code: 'INPUT',
      message: `Runs names what runs the live release: process ${pid}. Nothing was stopped.`,
      description: expect.stringContaining('“Include Live Release”') as string,
    });
  }
  expect((await stop()).runs).toEqual([]);
  expect(isRunning(pid)).toBe(true);
  const result = await stop({ chosen: ['0123456789abcdef'], includeLive: true });
  expect(result.runs).toMatchObject([{ processId: pid, run: '0123456789abcdef', end: 'ended' }]);
  expect(isRunning(pid)).toBe(false);
});

test('what went live since it was looked at is left as it is', async () => {
  const [pid] = await started.start(base, 'wait');
  const result = await inConversation(async (client) => {
    const { runs } = await client.call('runs', { basePath: asBasePath(base) });
    const asked = runs.map(({ processId, startTicks }): [number, number] => [processId, startTicks]);
    const rest = { includeLive: false, waitSeconds: 1, holder: {} };
    return client.call('stopRuns', { basePath: asBasePath(base), runs: asked, ...rest });
  });
  expect(result.ends).toEqual([{ processId: pid, end: 'refused', reason: 'live' }]);
  expect(isRunning(pid)).toBe(true);
});

test('P7: no other process is ended, whatever is chosen', async () => {
  const bystander = await elsewhere();
  const pid = bystander.pid as number;
  const result = await stop({ chosen: [String(pid), '1', 'fedcba9876543210'], includeLive: true });
  expect(result.runs.map(({ end, processId, run }) => [end, processId, run])).toEqual([
    ['gone', pid, null],
    ['gone', 1, null],
    ['gone', null, 'fedcba9876543210'],
  ]);
  expect(result.summary).toBe(`0 runs of ${base} stopped, 3 gone before.`);
  expect(isRunning(pid)).toBe(true);
  bystander.kill('SIGKILL');
});

test('P7, 6.3: 100 runs whose ids are others’ by now: none of those is ended', async () => {
  const processes = await Promise.all(Array.from({ length: 100 }, () => elsewhere()));
  const pids = processes.map(({ pid }) => pid as number);
  const result = await inConversation((client) =>
    client.call('stopRuns', {
      basePath: asBasePath(base),
      runs: pids.map((pid): [number, number] => [pid, 1]),
      includeLive: true,
      waitSeconds: 0,
      holder: {},
    }),
  );
  expect(new Set(result.ends.map(({ end }) => end))).toEqual(new Set(['gone']));
  expect(running(pids)).toEqual(pids);
  processes.forEach((each) => each.kill('SIGKILL'));
});

/** As the Run node does it: what watches a run starts it, waits for its end and says how that was. */
const SUPERVISOR = `import os, signal, subprocess, sys
run = subprocess.Popen([sys.executable, "run.py", "stubborn+parent"], stdout=subprocess.PIPE)
pids = run.stdout.readline()
os.write(1, b"%d " % os.getpid() + pids)
os.write(1, b"%d\\n" % run.wait())
`;

test('what supervises a run is not signalled, and hears how it ended', async () => {
  const env = { ...process.env, HOT_DEPLOY_RUN: '00112233445566ff' };
  const program = ['-c', SUPERVISOR, 'hot-deploy-run-supervisor'];
  const child = spawn(PYTHON, program, { cwd: base, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const pids = String((await lines.next()).value)
    .split(' ')
    .map(Number);
  started.add(...pids);
  expect(pids[0]).toBe(child.pid);
  const { runs } = await inConversation((client) => getRuns(client, asBasePath(base)));
  expect(runs).toMatchObject([{ processId: pids[1], run: '00112233445566ff', processes: 2 }]);
  expect(runs[0].command).toMatch(/run\.py stubborn\+parent$/);
  const result = await stop({ chosen: ['00112233445566ff'], includeLive: true, graceSeconds: 0 });
  expect(endsOf(result)).toEqual([[pids[1], 'killed']]);
  expect((await lines.next()).value).toBe('-9');
  expect(running(pids)).toEqual([]);
});

test('a deployment at work goes on: neither it nor its checks are runs', async () => {
  const source = await make('source');
  await writeTree(source, stayingEngine('with a check'));
  const mark = join(await make('mark'), 'mark');
  const check = {
    type: 'command' as const,
    name: 'slow',
    command: `python3 -c "import time; open('${mark}', 'w'); time.sleep(2)"`,
    when: 'before' as const,
    timeoutSeconds: 20,
    environment: {},
  };
  const deploying = deployTo(base, source, { checks: [check] });
  while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 20));
  const found = await inConversation((client) => getRuns(client, asBasePath(base)));
  expect(found.runs).toEqual([]);
  expect((await stop({ includeLive: true })).runs).toEqual([]);
  expect(await deploying).toMatchObject({ status: 'deployed' });
  [old, live] = [live, (await deploying).release];
});

describe('of other users', () => {
  let owner: SystemUser, other: SystemUser;
  let python: string;
  beforeAll(async () => {
    [owner, other] = [createSystemUser(), createSystemUser()];
    python = userPython(await make('pythons'), owner.username);
    execFileSync('chmod', ['-R', 'a+rX', base]);
    execFileSync('chown', ['-hR', `${owner.username}:`, base]);
  });
  afterAll(() => [owner, other].forEach((user) => user.remove()));

  test('6.5: one that this user may not end is refused as a whole, and the others end', async () => {
    const how = { ...ofOld(), python: '/usr/bin/python3' };
    const foreign = await started.start(base, 'parent', { ...how, before: asUser(other.username) });
    const [own] = await started.start(base, 'wait', { ...how, before: asUser(owner.username) });
    const result = await stop({ graceSeconds: 1 }, python);
    expect(result.status).toBe('attention');
    expect(endsOf(result)).toEqual([
      [foreign[0], 'refused'],
      [own, 'ended'],
    ]);
    expect(result.runs[0].reason).toMatch(/^It belongs to another user/);
    expect(running([...foreign, own])).toEqual(foreign);
    expect(endsOf(await stop())).toEqual([[foreign[0], 'ended']]);
  });
});

/** A process that has nothing to do with the engine. */
async function elsewhere(): Promise<ChildProcess> {
  const child = spawn('sleep', ['60'], { cwd: '/', stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}
