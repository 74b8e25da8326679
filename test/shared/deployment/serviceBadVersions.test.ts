/** P13: whatever is wrong with a new version of a service, the old one answers; and a bad one that is live can be replaced. */
import { type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

import type { Check } from '../../../nodes/shared/release/checks';
import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import { AskingClients, stopAsking } from '../../support/askingClients';
import { deployTo, temporaryDirectories } from '../../support/deployment';
import { generationsOf, liveRelease, statusOf } from '../../support/engineStatus';
import {
  answerOf,
  answers,
  ask,
  endService,
  freePort,
  servedVersions,
  startServe,
} from '../../support/servedEngine';
import { thrownBy } from '../../support/thrown';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = servedVersions(make);
const CLIENTS = 4;
const PAUSE_MS = 10;
const SERVICE: ServiceOptions = { method: 'auto', readySeconds: 20, drainSeconds: 1, keepOldSeconds: 0 };

/** Never closes a connection: it has descriptors for so many, then it accepts nothing more. */
const leaking = (connections: number) => `import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (${connections} + 4, ${connections} + 4))
kept = []
ThreadingHTTPServer.shutdown_request = lambda self, request: kept.append(request)`;
/** As a handler that has failed does. */
const ANSWERS_500 = `answer = BaseHTTPRequestHandler.send_response
BaseHTTPRequestHandler.send_response = lambda self, status: answer(self, 500)`;
const IGNORES_TERM = 'import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)';
/** Passes once nobody is answered any more: a check behind it is asked as late as that. */
const runsOut = (at: number): Check => ({
  type: 'python',
  name: 'runs out',
  when: 'after',
  timeoutSeconds: 30,
  environment: {},
  code: `from urllib.request import urlopen
try:
    while True:
        urlopen('http://127.0.0.1:${at}/', timeout=0.5).read()
except OSError:
    pass`,
});
/** More than the readiness of a version and a check before the switch take. */
const FEW = 20;

let base: string;
let port: number;
let serve: ChildProcess;
let first: string;

async function begin(start = ''): Promise<void> {
  base = await make('app');
  port = await freePort();
  first = (await deployTo(base, await version('1', start))).release;
  serve = startServe(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
}

afterEach(async () => {
  await stopAsking();
  await endService(serve);
});

const live = () => liveRelease(base);
const deployVersion = async (name: string, start = '', checks = [answers(port, 2)]) =>
  deployTo(base, await version(name, start), { service: SERVICE, checks });
const services = async () => (await statusOf(base)).services;
const generations = () => generationsOf(base);

async function expectNextGoesThrough(name: string): Promise<void> {
  const { status, service } = await deployVersion(name);
  expect([status, service?.method]).toEqual(['deployed', 'handOver']);
  expect(await ask(port)).toBe(`version ${name}`);
}

/** All that clients got that was no answer. */
const failures = (counts: Record<string, number>) =>
  Object.entries(counts).filter(([answer]) => !answer.startsWith('version '));

test.each<[string, string, RegExp]>([
  ['answers 500', ANSWERS_500, /status 500/],
  ['has run out of descriptors once it is ready', leaking(1), /no whole answer within/],
  ['ignores TERM, and answers 500', `${IGNORES_TERM}\n${ANSWERS_500}`, /status 500/],
])(
  'P13: one that %s: found before the switch, and nobody but the check has met it',
  async (_how, start, why) => {
    await begin();
    const clients = new AskingClients(port, CLIENTS, PAUSE_MS);
    const error = await thrownBy(deployVersion('2', start));
    expect(error).toMatchObject({ code: 'CHECK', details: { check: { when: 'before' }, reverted: false } });
    expect(error.description).toMatch(why);
    expect(live()).toBe(first);
    await expectNextGoesThrough('3');
    expect(Object.keys(await clients.stop())).toEqual(['version 1', 'version 3']);
  },
);

test('P13: one that runs out of descriptors under its clients: the check after the switch takes it back', async () => {
  await begin();
  const clients = new AskingClients(port, CLIENTS, PAUSE_MS);
  await until(() => clients.answers.length > FEW);
  const error = await thrownBy(deployVersion('2', leaking(FEW), [runsOut(port), answers(port, 2)]));
  expect(error).toMatchObject({ code: 'CHECK', details: { check: { when: 'after' }, reverted: true } });
  expect(error.message).toContain('Check “answers”');
  expect(live()).toBe(first);
  expect(await ask(port)).toBe('version 1');
  const back = clients.answers.length;
  await until(() => clients.answers.length > back + 50);
  expect(clients.answers.slice(back + CLIENTS)).not.toContain('version 2');
  const counts = await clients.stop();
  // What the kernel had given it and it never accepted, nobody can answer: of each client one, and not for long.
  const lost = failures(counts).reduce((sum, [, count]) => sum + count, 0);
  expect(lost).toBeLessThanOrEqual(CLIENTS);
  expect(counts).not.toHaveProperty('no answer in time');
  // With the check, which asked it, too.
  expect((await services())[0]?.abandoned).toBeGreaterThanOrEqual(lost);
  await expectNextGoesThrough('3');
});

test('P13: one that leaks descriptors is replaced before it runs out: no request is lost, and it ends in time', async () => {
  await begin(leaking(1000));
  const clients = new AskingClients(port, CLIENTS, PAUSE_MS);
  await until(() => clients.answers.length > FEW);
  await expectNextGoesThrough('2');
  await until(() => clients.answers.at(-1) === 'version 2');
  while ((await generations()).length > 1) await pause(100);
  expect(Object.keys(await clients.stop())).toEqual(['version 1', 'version 2']);
});

test('P13: one that has run out of descriptors is replaced all the same', async () => {
  await begin(leaking(FEW));
  const clients = new AskingClients(port, CLIENTS, PAUSE_MS);
  await until(() => clients.answers.length >= FEW - CLIENTS);
  await expectNextGoesThrough('2');
  const since = performance.now();
  const count = clients.answers.length;
  await until(() => clients.answers.length > count + 50);
  await clients.stop();
  const later = clients.answers.filter((_, index) => (clients.asked[index] ?? 0) >= since);
  expect(new Set(later)).toEqual(new Set(['version 2']));
  while ((await generations()).length > 1) await pause(100);
});

test('P13: one that ignores TERM keeps nobody from what comes next', async () => {
  await begin();
  const clients = new AskingClients(port, CLIENTS, PAUSE_MS);
  await deployVersion('2', IGNORES_TERM);
  await expectNextGoesThrough('3');
  await expectNextGoesThrough('4');
  expect(Object.keys(await clients.stop())).toEqual(['version 1', 'version 2', 'version 3', 'version 4']);
  // Told to stop, serve.py would wait for it.
  serve.kill('SIGKILL');
});
