/** P11, P13: a service goes back with the release that is taken back, without one request lost. */
import { type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import { AskingClients, stopAsking } from '../../support/askingClients';
import { checkOf, deployTo, temporaryDirectories } from '../../support/deployment';
import { generationsOf } from '../../support/engineStatus';
import { endedRollout, WATCH } from '../../support/guards';
import {
  answerOf,
  answers,
  endService,
  freePort,
  servedVersions,
  startServe,
} from '../../support/servedEngine';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = servedVersions(make);
const service: ServiceOptions = { method: 'auto', readySeconds: 20, drainSeconds: 10, keepOldSeconds: 0 };
let serve: ChildProcess;

afterEach(async () => {
  await stopAsking();
  await endService(serve);
});

test('P11, P13: a watched service whose check goes bad is handed back by the guard', async () => {
  const base = await make('app');
  const port = await freePort();
  const first = await deployTo(base, await version('1'));
  serve = startServe(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
  const bad = join(base, 'bad');
  const well = checkOf({ name: 'all is well', when: 'after', command: `test ! -e ${bad}` });
  const second = await deployTo(base, await version('2'), {
    service,
    checks: [answers(port), well],
    watch: { ...WATCH, checkSeconds: 1 },
  });
  expect(second).toMatchObject({ status: 'watching', service: { method: 'handOver' } });
  const clients = new AskingClients(port);
  await until(() => clients.answers.length > 20);
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  writeFileSync(bad, '');
  expect(await endedRollout(base)).toMatchObject({ state: 'aborted', release: second.release });
  await until(() => clients.answers.at(-1) === 'version 1');
  expect(Object.keys(await clients.stop()).sort()).toEqual(['version 1', 'version 2']);
  const live = (await generationsOf(base)).find(({ state }) => state === 'live');
  expect(live?.release).toBe(first.release);
});
