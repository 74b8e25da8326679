/** A switch that waits until no run and no request is in progress, or for its window. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { nearWindow } from '../../../nodes/shared/operations/awaitWindow';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { getRuns } from '../../../nodes/shared/operations/getRuns';
import type { DeploymentWindow } from '../../../nodes/shared/release/deploymentWindow';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import type { SwitchMoment } from '../../../nodes/shared/release/switchMoment';
import {
  bundleOf,
  deployOptions,
  deployTo,
  inConversation,
  openClient,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { liveRelease } from '../../support/engineStatus';
import { asBasePath } from '../../support/named';
import {
  answerOf,
  ask,
  endService,
  freePort,
  servedVersions,
  startServe,
  writeServed,
} from '../../support/servedEngine';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const version = servedVersions(make);
const AUTO: ServiceOptions = { method: 'auto', readySeconds: 20, drainSeconds: 5, keepOldSeconds: 0 };
const LABEL = 'wait until it is quiet';
let base: string;
let first: string;
let runs: ChildProcess[];

beforeEach(async () => {
  runs = [];
  base = await make('app');
  first = (await deployTo(base, await version('1'))).release;
});

afterEach(() => runs.forEach((run) => run.kill('SIGKILL')));

const live = () => liveRelease(base);
const quiet = (quietSeconds: number, whenNotQuiet: SwitchMoment['whenNotQuiet'] = 'goOn') => ({
  moment: { quietSeconds, whenNotQuiet },
});
const deployVersion = async (name: string, changes: Partial<DeployOptions> = {}) =>
  deployTo(base, await version(name), changes);

/** A run through the launcher, once it is one. */
async function startRun(seconds: number): Promise<ChildProcess> {
  const run = spawn('python3', ['run.py', String(seconds)], {
    cwd: base,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  runs.push(run);
  await once(run.stdout, 'data');
  return run;
}

test('a run that ends: the switch comes after its end, and as soon as it has come', async () => {
  const run = await startRun(2);
  let ended = Infinity;
  run.once('exit', () => (ended = performance.now()));
  const { waitedMs, steps, release } = await deployVersion('2', quiet(30, 'giveUp'));
  expect(performance.now()).toBeGreaterThan(ended);
  expect(waitedMs).toBeGreaterThan(200);
  expect(waitedMs).toBeLessThan(15_000);
  const names = steps.map(({ name }) => name);
  expect(names.indexOf(LABEL)).toBe(names.indexOf('switch') - 1);
  expect(names.indexOf(LABEL)).toBeGreaterThan(names.indexOf('check before the switch'));
  expect(live()).toBe(release);
});

test('a run that does not end: it goes on with its release, and the switch comes when the time is over', async () => {
  const run = await startRun(60);
  const { waitedMs, release } = await deployVersion('2', quiet(1));
  expect(waitedMs).toBeGreaterThanOrEqual(1000);
  expect(live()).toBe(release);
  expect(run.exitCode).toBeNull();
});

test('P3: a run that does not end, with Give Up: nothing is changed, and it is named', async () => {
  const run = await startRun(60);
  const error = await thrownBy(deployVersion('2', quiet(0.5, 'giveUp')));
  expect(error).toMatchObject({ code: 'LOCKED', details: { live: first, step: LABEL } });
  expect(error.details.waitedMs).toBeGreaterThanOrEqual(500);
  expect(error.message).toContain(`process ${run.pid} runs release ${first}. Release ${first} is live`);
  expect(error.message).toMatch(/^It was not quiet within \S+ s: /);
  expect(error.description).toContain('When Not Quiet');
  expect(live()).toBe(first);
  expect(await deployVersion('2')).toMatchObject({ status: 'deployed' });
});

test('where nothing is in progress, or nobody wants to wait, nobody waits', async () => {
  expect((await deployVersion('2', quiet(30))).waitedMs).toBeLessThan(15_000);
  await startRun(60);
  const { waitedMs, steps } = await deployVersion('3', quiet(0));
  expect(waitedMs).toBeUndefined();
  expect(steps.map(({ name }) => name)).not.toContain(LABEL);
});

test('a rollback waits, too', async () => {
  await deployVersion('2');
  await startRun(60);
  const error = await thrownBy(rollBackTo(base, { target: 'previous' }, quiet(0.2, 'giveUp')));
  expect(error.code).toBe('LOCKED');
  const { waitedMs, release } = await rollBackTo(base, { target: 'previous' }, quiet(0.2));
  expect(waitedMs).toBeGreaterThanOrEqual(200);
  expect(release).toBe(first);
});

test('a first deployment, whose runs nobody knows of: it waits before it adopts', async () => {
  const plain = await make('plain');
  await writeServed(plain, '0');
  const { steps } = await deployTo(plain, await version('1'), quiet(5));
  const names = steps.map(({ name }) => name);
  expect(names.indexOf(LABEL)).toBe(names.indexOf('adopt') - 1);
});

test('P1: runs start while it waits, each with what is live', async () => {
  const earlier = await startRun(60);
  let isOver = false;
  const deploying = deployVersion('2', quiet(60)).finally(() => (isOver = true));
  await pause(700);
  const run = spawn('python3', ['run.py'], { cwd: base, stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = (await once(run.stdout, 'data')) as [Buffer];
  expect(isOver).toBe(false);
  expect(printed.toString().trim()).toBe('1');
  earlier.kill();
  await deploying;
});

describe('a deployment that waits', () => {
  async function waiting() {
    await startRun(60);
    const stopping = new AbortController();
    let isWaiting: () => void;
    const waits = new Promise<void>((resolve) => (isWaiting = resolve));
    const client = await openClient({ signal: stopping.signal });
    const options = deployOptions(base, {
      ...quiet(50),
      onStep: ({ step, phase }) => step === LABEL && phase === 'start' && isWaiting(),
    });
    const ended = thrownBy(deploy(client, await bundleOf(await version('2'), options), options));
    await waits;
    await pause(500);
    expect(live()).toBe(first);
    return { client, ended, stopping };
  }

  test('P8: is cancelled within a moment, and leaves everything whole', async () => {
    const { client, ended, stopping } = await waiting();
    const stopped = performance.now();
    stopping.abort();
    expect((await ended).code).toBe('CANCELLED');
    await client.close();
    expect(performance.now() - stopped).toBeLessThan(8000);
    expect(live()).toBe(first);
    expect((await deployVersion('3')).status).toBe('deployed');
  });

  test('P2: whose executor is killed: what was live is live, and the next goes straight through', async () => {
    const { client, ended } = await waiting();
    process.kill(client.hello.processId, 'SIGKILL');
    expect((await ended).code).toBe('LOST');
    await client.close();
    expect(live()).toBe(first);
    expect((await deployVersion('3')).status).toBe('deployed');
  });
});

describe('with a service that serve.py runs', () => {
  let port: number;
  let serve: ChildProcess;
  let client: Socket | undefined;

  beforeEach(async () => {
    port = await freePort();
    serve = startServe(base, port);
    expect(await answerOf(port, 'version 1')).toBe('version 1');
  });

  afterEach(async () => {
    client?.destroy();
    await endService(serve);
  });

  /** Half a request: it takes as long as whoever asks. */
  async function slowRequest(): Promise<Socket> {
    client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    client.write('GET / HTTP/1.0\r\n');
    return client;
  }

  test('its own processes are no runs, however long they have been there, and a run beside them is one', async () => {
    const listed = await inConversation((one) => getRuns(one, asBasePath(base)));
    expect(listed.count).toBeGreaterThan(0);
    const { waitedMs } = await deployVersion('2', { service: AUTO, ...quiet(20, 'giveUp') });
    expect(waitedMs).toBeLessThan(15_000);
    expect(await ask(port)).toBe('version 2');
    await startRun(60);
    const error = await thrownBy(deployVersion('3', { service: AUTO, ...quiet(0.3, 'giveUp') }));
    expect(error.message).toContain('runs release');
  });

  test('a request in progress: the switch waits for its answer', async () => {
    const asking = await slowRequest();
    const answered = once(asking, 'data').then(([data]) => String(data));
    const deploying = deployVersion('2', { service: AUTO, ...quiet(30, 'giveUp') });
    await pause(4000);
    expect(live()).toBe(first);
    asking.write('\r\n');
    expect(await answered).toContain('200');
    const { waitedMs } = await deploying;
    expect(waitedMs).toBeGreaterThan(200);
    expect(await ask(port)).toBe('version 2');
  });

  test('P5: a service that does not answer is not taken for a quiet one', async () => {
    serve.kill('SIGSTOP');
    const error = await thrownBy(deployVersion('2', quiet(0.2, 'giveUp')));
    serve.kill('SIGCONT');
    expect(error.message).toContain('the service serve does not say what it does.');
    expect(live()).toBe(first);
  });

  test('P13: a request that does not end, with Give Up: the old version goes on answering it, and all others', async () => {
    const asking = await slowRequest();
    const error = await thrownBy(deployVersion('2', { service: AUTO, ...quiet(0.5, 'giveUp') }));
    expect(error.message).toContain('the service serve has 1 connection.');
    expect(live()).toBe(first);
    expect(await ask(port)).toBe('version 1');
    const answered = once(asking, 'data').then(([data]) => String(data));
    asking.write('\r\n');
    expect(await answered).toContain('200');
  });
});

describe('with a window', () => {
  /** One that opens in so many minutes, and is open for an hour. */
  function windowIn(minutes: number): DeploymentWindow {
    const now = new Date();
    const from = (now.getUTCHours() * 60 + now.getUTCMinutes() + minutes + 24 * 60) % (24 * 60);
    return { from, to: (from + 60) % (24 * 60), zone: 'UTC' };
  }
  const within = (window: DeploymentWindow) => ({
    moment: { quietSeconds: 0, whenNotQuiet: 'goOn', window } as const,
  });

  test('that is open, nobody waits for it', async () => {
    const { waitedMs, steps } = await deployVersion('2', within(windowIn(-5)));
    expect(waitedMs).toBeLessThan(15_000);
    expect(steps.map(({ name }) => name)).toContain('wait for the deployment window');
  });

  test('that opens soon, it is waited for with everything prepared', async () => {
    const { holder } = deployOptions(base);
    const found = await inConversation(async (one) => {
      await one.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
      return one.call('waitForQuiet', { pauseSeconds: 1, waitSeconds: 0 });
    });
    expect(found.milliseconds).toBeGreaterThanOrEqual(1000);
    expect(found).toMatchObject({ quiet: true, runs: [], requests: [] });
  });

  test('that was over before all was prepared, nothing is changed', async () => {
    const error = await thrownBy(deployVersion('2', within(windowIn(-120))));
    expect(error.code).toBe('STEP');
    expect(error.message).toMatch(
      /^The Deployment Window \d\d:\d\d-\d\d:\d\d \(UTC\) was over before all was/,
    );
    expect(live()).toBe(first);
  });

  test('that is far away, nothing is connected until it is near, and a cancel ends that at once', async () => {
    const stopping = new AbortController();
    const work = jest.fn(() => Promise.resolve({}));
    const steps: string[] = [];
    const onStep = ({ step }: { step: string }) => steps.push(step);
    const ended = thrownBy(nearWindow({ ...within(windowIn(300)), onStep, signal: stopping.signal }, work));
    await pause(200);
    const stopped = performance.now();
    stopping.abort();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - stopped).toBeLessThan(5000);
    expect(work).not.toHaveBeenCalled();
    expect(steps).toEqual([expect.stringMatching(/^wait for the deployment window \d/)]);
    await expect(nearWindow(within(windowIn(10)), work)).resolves.toEqual({});
    expect(work).toHaveBeenCalledTimes(1);
  });
});
