/** P13: a service that `serve.py` runs stays, whatever becomes of a return to a plain directory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

import { AskingClients, stopAsking } from '../../support/askingClients';
import { deployTo, temporaryDirectories } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { generationsOf } from '../../support/engineStatus';
import { answerOf, endService, freePort, servedVersions, startServe } from '../../support/servedEngine';
import { thrownBy } from '../../support/thrown';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = servedVersions(make);
const HAND_OVER = { readySeconds: 20, drainSeconds: 5, keepOldSeconds: 0 };
let base: string;
let port: number;
let serve: ChildProcess;
let release: string;

beforeEach(async () => {
  base = await make('app');
  port = await freePort();
  ({ release } = await deployTo(base, await version('1')));
  serve = startServe(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
});

afterEach(async () => {
  await stopAsking();
  await endService(serve);
});

const answering = async () =>
  (await generationsOf(base)).filter(({ state }) => state === 'live').map((each) => each.release);

test('it goes over to the plain files, none is refused or cut, and it starts from there again', async () => {
  const clients = new AskingClients(port);
  await until(() => clients.answers.length > 20);
  expect(await detachAt(base, { handOver: HAND_OVER })).toMatchObject({ status: 'detached', release });
  const after = clients.answers.length;
  await until(() => clients.answers.length > after + 50);
  expect(Object.keys(await clients.stop())).toEqual(['version 1']);
  expect(await answering()).toEqual([null]);
  expect([existsSync(join(base, 'current')), lstatSync(join(base, 'src')).isDirectory()]).toEqual([
    false,
    true,
  ]);
  await endService(serve);
  serve = startServe(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
  await deployTo(base, await version('2'), { service: { method: 'auto', ...HAND_OVER } });
  expect(await answerOf(port, 'version 2')).toBe('version 2');
});

test('where a run keeps it from becoming plain, it is handed back to its release', async () => {
  const run = spawn('python3', ['run.py', '600'], { cwd: base, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(run.stdout, 'data');
  const clients = new AskingClients(port);
  await until(() => clients.answers.length > 20);
  const error = await thrownBy(detachAt(base, { handOver: HAND_OVER }));
  const ended = once(run, 'exit');
  run.kill();
  await ended;
  expect(error).toMatchObject({ code: 'LOCKED' });
  expect(Object.keys(await clients.stop())).toEqual(['version 1']);
  expect(await answering()).toEqual([release]);
  expect(lstatSync(join(base, 'src')).isSymbolicLink()).toBe(true);
});

test('nobody’s `serve.py` is removed with the rest', async () => {
  await endService(serve);
  await detachAt(base, { handOver: HAND_OVER, removeHistory: true });
  expect(existsSync(join(base, '.hot-deploy'))).toBe(false);
});
