/** The runs that are there, however they were started: real ones, and what is told of them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { getRuns, type RunItem } from '../../../nodes/shared/operations/getRuns';
import { deployTo, inConversation, temporaryDirectories } from '../../support/deployment';
import { asBasePath } from '../../support/named';
import { StartedRuns, stayingEngine } from '../../support/startedRuns';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { writeTree } from '../../support/tree';
import { asUser, userPython } from '../../support/userPython';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const started = new StartedRuns();
let base: string;
let releases: string[];
afterEach(() => started.endAll());

beforeAll(async () => {
  base = await make('app');
  releases = [];
  for (const label of ['1', '2']) {
    const source = await make('source');
    await writeTree(source, stayingEngine(label));
    releases.push((await deployTo(base, source)).release);
  }
});

const list = (python?: string) =>
  inConversation((client) => getRuns(client, asBasePath(base)), python ? { python } : {});

async function only(): Promise<RunItem> {
  const { runs, count } = await list();
  expect([runs.length, count]).toEqual([1, 1]);
  return runs[0];
}

test('none, where nothing runs and where there is no engine', async () => {
  expect(await list()).toMatchObject({ runs: [], count: 0 });
  const empty = join(await make('none'), 'gone');
  const found = await inConversation((client) => getRuns(client, asBasePath(empty)));
  expect(found).toMatchObject({ runs: [], count: 0 });
});

test('6.1: one through the launcher: what it is, since when, and what it costs', async () => {
  const before = Date.now();
  const [pid] = await started.start(base, 'busy');
  const run = await only();
  expect(run).toMatchObject({
    host: 'localhost',
    basePath: base,
    processId: pid,
    run: null,
    release: releases[1],
    live: true,
    processes: 1,
    user: 'root',
    workflow: null,
    execution: null,
  });
  expect(run.command).toMatch(/run\.py busy$/);
  expect(Math.abs(Date.parse(run.startedAt) - before)).toBeLessThan(5000);
  expect(run.ageSeconds).toBeGreaterThan(0.2);
  expect(run.ageSeconds).toBeLessThan(30);
  expect(run.cpuSeconds).toBeGreaterThanOrEqual(0.3);
  expect(run.memoryMb).toBeGreaterThan(64);
  expect(run.memoryMb).toBeLessThan(200);
});

test('one through the prefix', async () => {
  const program = ['.hot-deploy/launch.py', 'python3', 'src/stays.py'];
  const [pid] = await started.start(base, 'wait', { program });
  expect(await only()).toMatchObject({ processId: pid, release: releases[1], live: true });
});

test('one of an old release, which is not live, and the oldest comes first', async () => {
  const [old] = await started.start(base, 'wait', { program: [`releases/${releases[0]}/run.py`] });
  const [live] = await started.start(base, 'wait');
  const { runs } = await list();
  expect(runs.map(({ processId, release, live: isLive }) => [processId, release, isLive])).toEqual([
    [old, releases[0], false],
    [live, releases[1], true],
  ]);
});

test('one with all that it has started: children that show nothing of it, and what has left its parent', async () => {
  const [pid, child, daemon] = await started.start(base, 'parent+daemon');
  expect(new Set([pid, child, daemon]).size).toBe(3);
  expect(await only()).toMatchObject({ processId: pid, processes: 3 });
});

test('two of one session are two', async () => {
  const both = [await started.start(base, 'daemon'), await started.start(base, 'daemon')];
  const { runs } = await list();
  expect(runs.map(({ processId, processes }) => [processId, processes])).toEqual(
    both.map(([pid]) => [pid, 2]),
  );
});

test('one of the Run node: its id, and who started it, as far as that has the form of ours', async () => {
  const by = { workflow: 'Nightly', execution: '7', operation: 'run', user: 7, more: 'x' };
  await started.start(base, 'wait', {
    env: { HOT_DEPLOY_RUN: '0123456789abcdef', HOT_DEPLOY_STARTED_BY: JSON.stringify(by) },
  });
  const run = await only();
  expect(run).toMatchObject({ run: '0123456789abcdef', workflow: 'Nightly', execution: '7' });
  expect(Object.keys(run)).not.toContain('startedBy');
});

test.each([
  ['no JSON', 'x', 'Run/1'],
  ['no object', '[1]', '0123456789ABCDEF'],
  ['of another form', '{"workflow":{"a":1},"execution":7}', '../../../../etc/'],
])('P7: one that says who started it in what is %s, tells nothing', async (_title, by, id) => {
  await started.start(base, 'wait', { env: { HOT_DEPLOY_RUN: id, HOT_DEPLOY_STARTED_BY: by } });
  expect(await only()).toMatchObject({ run: null, workflow: null, execution: null });
});

test('P7: no secret of a run is in its command', async () => {
  await started.start(base, 'wait', {
    env: { API_KEY: 'hunter2-in-environment', DATABASE: 'postgres://me:hunter2-password@db/x' },
    more: [
      '--copy=hunter2-in-environment',
      '--api-key',
      'hunter2-after-option',
      '--token=hunter2-in-option',
      'PASSWORD=hunter2-setting',
      'https://me:hunter2-address@example.com/x?token=hunter2-query',
      '-p',
      'hunter2-password',
      '--input',
      'x.pdf',
    ],
  });
  const { command } = await only();
  expect(command).not.toContain('hunter2');
  expect(command).toContain('--api-key *** --token=*** PASSWORD=***');
  expect(command).toMatch(/--input x\.pdf$/);
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

  test('root sees all; others see the release, the cost and the command, and not the environment', async () => {
    const env = { HOT_DEPLOY_RUN: '0123456789abcdef', HOT_DEPLOY_STARTED_BY: '{"workflow":"Nightly"}' };
    const [pid] = await started.start(base, 'wait', {
      before: asUser(other.username),
      python: '/usr/bin/python3',
      more: ['--api-key', 'hunter2'],
      env,
    });
    expect(await only()).toMatchObject({ processId: pid, user: other.username, workflow: 'Nightly' });
    const { runs } = await list(python);
    expect(runs).toMatchObject([
      { processId: pid, user: other.username, release: releases[1], live: true, run: null, workflow: null },
    ]);
    expect(runs[0].memoryMb).toBeGreaterThan(1);
    expect(runs[0].command).toMatch(/--api-key \*\*\*$/);
  });
});
