/** P13: a service that takes its socket from `serve.py` goes over from one release to the next as part of the switch. */
import { type ChildProcess } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import { AskingClients, stopAsking } from '../../support/askingClients';
import {
  bundleOf,
  deployOptions,
  deployTo,
  inConversation,
  openClient,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { generationsOf, liveRelease, statusOf } from '../../support/engineStatus';
import {
  answerOf,
  answers,
  ask,
  endService,
  freePort,
  startServe,
  servedVersions,
} from '../../support/servedEngine';
import { thrownBy } from '../../support/thrown';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = servedVersions(make);
const AUTO: ServiceOptions = { method: 'auto', readySeconds: 20, drainSeconds: 10, keepOldSeconds: 0 };
const KEPT: ServiceOptions = { ...AUTO, keepOldSeconds: 60 };
let base: string;
let port: number;
let serve: ChildProcess;
let first: string;

beforeEach(async () => {
  base = await make('app');
  port = await freePort();
  first = (await deployTo(base, await version('1'))).release;
  serve = startServe(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
});

afterEach(async () => {
  await stopAsking();
  await endService(serve);
});

const live = () => liveRelease(base);
const deployVersion = async (name: string, changes: Partial<DeployOptions> = {}, start = '') =>
  deployTo(base, await version(name, start), { service: AUTO, checks: [answers(port)], ...changes });
const status = () => statusOf(base);
const generations = () => generationsOf(base);
const stateOf = async (release: string) =>
  (await generations()).find((each) => each.release === release)?.state;

test('the next request after the switch gets the new version, and none is refused or cut', async () => {
  const clients = new AskingClients(port);
  await until(() => clients.answers.length > 20);
  const { service, checks, release } = await deployVersion('2');
  const after = clients.answers.length;
  await until(() => clients.answers.length > after + 50);
  const counts = await clients.stop();
  expect(Object.keys(counts)).toEqual(['version 1', 'version 2']);
  // Those that were asked before it had ended may come late: each client has one of them.
  expect(clients.answers.slice(after + 4)).not.toContain('version 1');
  expect(service).toEqual({
    method: 'handOver',
    readyMs: expect.any(Number),
    milliseconds: expect.any(Number),
  });
  expect(checks.filter(({ type }) => type === 'http').map(({ when }) => when)).toEqual(['before', 'after']);
  expect(await stateOf(release)).toBe('live');
});

test('the plan says so, and changes nothing', async () => {
  const options = deployOptions(base, { service: AUTO });
  const plan = await inConversation(async (client) =>
    planDeployment(client, await bundleOf(await version('2'), options), options),
  );
  expect(plan.service).toBe('handOver');
  expect(await ask(port)).toBe('version 1');
});

test('without it, or with None, the old version goes on', async () => {
  await deployVersion('2', { service: { method: 'none' } });
  expect(await ask(port)).toBe('version 1');
});

test.each<[string, string, string, RegExp]>([
  [
    'dies at start',
    'print("no key"); raise SystemExit(3)',
    'ended before it was ready (exit code 3)',
    /no key/,
  ],
  [
    'never gets ready',
    'import time; print("waiting", flush=True); time.sleep(60)',
    'was not ready in time',
    /waiting/,
  ],
])(
  'P13: a version that %s never takes over, and its last lines are the reason',
  async (_how, start, why, lines) => {
    const clients = new AskingClients(port);
    const error = await thrownBy(deployVersion('2', { service: { ...AUTO, readySeconds: 2 } }, start));
    expect(error.message).toContain(why);
    expect(error.message).toContain(`Release ${first} is live`);
    expect(error.description).toMatch(lines);
    expect(live()).toBe(first);
    expect(Object.keys(await clients.stop())).toEqual(['version 1']);
  },
);

test('P13: a version that answers as it should not is refused before the switch: nobody but the check has met it', async () => {
  const clients = new AskingClients(port);
  const check = { ...answers(port, 1), http: { ...answers(port).http!, text: 'version 1' } };
  const error = await thrownBy(deployVersion('2', { checks: [check] }));
  expect(error).toMatchObject({ code: 'CHECK', details: { check: { when: 'before' }, reverted: false } });
  expect(error.description).toContain('version 2');
  expect(live()).toBe(first);
  expect(Object.keys(await clients.stop())).toEqual(['version 1']);
});

test('P13: a check after the switch that does not pass: back at once, to the process that was there all along', async () => {
  const [before] = await generations();
  const clients = new AskingClients(port);
  const failing = { ...answers(port), type: 'command', command: 'false', when: 'after' } as const;
  const error = await thrownBy(deployVersion('2', { checks: [failing] }));
  expect(error).toMatchObject({ code: 'CHECK', details: { reverted: true } });
  expect(live()).toBe(first);
  expect(await ask(port)).toBe('version 1');
  const counts = await clients.stop();
  expect(Object.keys(counts).filter((answer) => !/^version [12]$/.test(answer))).toEqual([]);
  expect(await generations()).toContainEqual(expect.objectContaining({ pid: before?.pid, state: 'live' }));
});

test('a rollback hands over, and where the old version was kept it takes no start', async () => {
  const { release } = await deployVersion('2', { service: KEPT });
  const old = (await generations()).find((each) => each.release === first);
  expect(old?.state).toBe('kept');
  const { service } = await rollBackTo(
    base,
    { target: 'previous' },
    { service: AUTO, checks: [answers(port)] },
  );
  expect(service?.method).toBe('handOver');
  expect(await ask(port)).toBe('version 1');
  const now = await generations();
  expect(now).toContainEqual(expect.objectContaining({ pid: old?.pid, release: first, state: 'live' }));
  expect(now.find((each) => each.release === release)?.state).toBe('draining');
});

/** A deployment that waits in its check after the switch, which nobody answers. */
async function waiting() {
  const stopping = new AbortController();
  const client = await openClient({ signal: stopping.signal });
  const check = { ...answers(port, 60), type: 'command', command: 'sleep 60', when: 'after' } as const;
  const options = deployOptions(base, { service: AUTO, checks: [check] });
  const ended = thrownBy(deploy(client, await bundleOf(await version('2'), options), options));
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  return { client, ended, stopping };
}

test('P5: n8n that goes away between the switch and its checks: files and service go back', async () => {
  const { client, ended, stopping } = await waiting();
  stopping.abort();
  await ended;
  await client.close();
  expect(live()).toBe(first);
  expect(await ask(port)).toBe('version 1');
});

test('P5: the executor killed there: the service goes back by itself, and the next deployment goes straight through', async () => {
  const { client, ended } = await waiting();
  process.kill(client.hello.processId, 'SIGKILL');
  await ended;
  await client.close();
  expect(await answerOf(port, 'version 1')).toBe('version 1');
  const { settled } = await deployVersion('3');
  expect(settled).toMatchObject({ outcome: 'confirmed' });
  expect(await ask(port)).toBe('version 3');
});

test('P4: releases that a version of the service runs are not removed', async () => {
  await deployVersion('2', { service: KEPT });
  await deployVersion('3', { service: KEPT, keepReleases: 1 });
  await deployVersion('4', { service: KEPT, keepReleases: 1 });
  const running = (await generations()).map(({ release }) => release);
  const { releasesInUse, kept } = await status();
  expect(running.length).toBeGreaterThan(1);
  expect(releasesInUse.map(({ release }) => release)).toEqual(expect.arrayContaining(running));
  expect(kept.releases).toBeGreaterThanOrEqual(running.length);
});

test('a service that answers with another version than the live one catches up, though nothing else is to be done', async () => {
  const same = await version('2');
  await deployTo(base, same, { service: { method: 'none' } });
  expect(await ask(port)).toBe('version 1');
  const { status: became, service } = await deployTo(base, same, { service: AUTO, checks: [answers(port)] });
  expect([became, service?.method]).toEqual(['unchanged', 'handOver']);
  expect(await ask(port)).toBe('version 2');
  const again = await deployTo(base, same, { service: AUTO });
  expect(again.service).toBeUndefined();
});

test('a serve.py of another version: the deployment brings its own, which takes the sockets over', async () => {
  await endService(serve);
  const text = join(base, '.hot-deploy/serve.py');
  chmodSync(text, 0o755);
  writeFileSync(text, `${readFileSync(text, 'utf8')}# An earlier one.\n`);
  serve = startServe(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
  const clients = new AskingClients(port);
  await deployVersion('2');
  expect(readFileSync(text, 'utf8')).not.toContain('An earlier one');
  // The same process, which goes on with the other text.
  await until(() => readFileSync(`/proc/${serve.pid}/cmdline`, 'utf8').includes('--hot-deploy-resume'));
  await deployVersion('3');
  expect(await ask(port)).toBe('version 3');
  const counts = Object.keys(await clients.stop()).filter((answer) => !answer.startsWith('version '));
  expect(counts).toEqual([]);
});

test('Hand Over where no serve.py runs is refused, and says how to start one', async () => {
  await endService(serve);
  const error = await thrownBy(deployVersion('2', { service: { ...AUTO, method: 'handOver' } }));
  expect(error).toMatchObject({ code: 'INPUT' });
  expect(error.message).toContain(`Service is Hand Over, and no serve.py answers in ${base}.`);
  expect(error.description).toContain('serve.py --listen HOST:PORT -- COMMAND');
  expect(live()).toBe(first);
});

test('Automatic, with a socket that a killed serve.py has left: nothing is done for a service', async () => {
  serve.kill('SIGKILL');
  await until(() => serve.signalCode !== null);
  const { service } = await deployVersion('2', { checks: [] });
  expect(service).toBeUndefined();
});
