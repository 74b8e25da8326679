/** P2, P11: the guard is killed at any moment of going back, or its disk is full: a whole release is live, and somebody decides. */
import { appendFileSync, existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { getStatus } from '../../../nodes/shared/operations/status';
import { deployOptions, deployTo, inConversation, temporaryDirectories } from '../../support/deployment';
import { drawnNumbers } from '../../support/drawn';
import { counted, extract, guardsOf, WATCH, watchedVersions, writtenRollout } from '../../support/guards';
import { size } from '../../support/size';
import { until } from '../../support/until';

jest.setTimeout(size(120_000, 1_200_000));
const make = temporaryDirectories();

const version = watchedVersions(make);

/** When a guard that hears of the third failed run is killed, in milliseconds after that. */
const MOMENTS = drawnNumbers(60, size(6, 60));

test('killed while it goes back, the next operation goes straight through, and what is live is whole at every moment', async () => {
  const [good, bad, next] = [
    await version('print(1)'),
    await version('sys.exit(9)'),
    await version('print(3)'),
  ];
  const base = await make();
  for (const [round, moment] of MOMENTS.entries()) {
    await deployTo(base, good, { deployUnchanged: true });
    const { release } = await deployTo(base, bad, { watch: WATCH });
    extract(base, `a${round}`);
    extract(base, `b${round}`);
    await counted(base, 2);
    const [guard] = guardsOf(base);
    extract(base, `c${round}`);
    await pause(moment);
    try {
      process.kill(Number(guard), 'SIGKILL');
    } catch {
      // It had decided, and gone.
    }
    await until(() => guardsOf(base).length === 0);
    expect(existsSync(join(base, readlinkSync(join(base, 'current')), 'run.py'))).toBe(true);
    expect([0, 9]).toContain(extract(base, `d${round}`));
    const after = await deployTo(base, next);
    expect(after.status).toBe('deployed');
    expect(extract(base, `e${round}`)).toBe(0);
    const status = await inConversation((client) => getStatus(client, deployOptions(base)));
    expect(status).toMatchObject({ release: after.release, unconfirmedSwitch: null, lockedBy: null });
    expect(status.rollout).toMatchObject({ release, overdue: false });
    expect(status.rollout?.state).not.toBe('watching');
  }
});

test('while a switch is not decided on, the guard waits for whoever decides, and leaves the processor alone', async () => {
  const base = await make();
  const first = await deployTo(base, await version('print(1)'));
  const second = await deployTo(base, await version('print(2)'), { watch: { ...WATCH, watchSeconds: 1 } });
  const at = new Date().toISOString();
  const flip = { at, event: 'flip', operation: 'deploy', from: first.release, to: second.release };
  appendFileSync(join(base, '.hot-deploy/history.jsonl'), `${JSON.stringify(flip)}\n`);
  const [guard] = guardsOf(base);
  const ticks = () => {
    const fields = readFileSync(`/proc/${guard}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  await pause(1_500);
  const before = ticks();
  await pause(3_000);
  // Of 300 in that time.
  expect(ticks() - before).toBeLessThan(60);
  expect(writtenRollout(base).state).toBe('watching');
  const third = await deployTo(base, await version('print(3)'));
  expect(third).toMatchObject({ status: 'deployed', settled: { release: second.release } });
  await until(() => guardsOf(base).length === 0);
});

test('while somebody else holds the engine’s lock, runs are counted, and it goes back as soon as that one is done', async () => {
  const base = await make();
  await deployTo(base, await version('print(1)'));
  await deployTo(base, await version('sys.exit(9)'), { watch: WATCH });
  const { holder } = deployOptions(base);
  await inConversation(async (client) => {
    await client.call('lock', {
      basePath: deployOptions(base).basePath,
      create: false,
      holder,
      waitSeconds: 0,
    });
    for (const name of ['a', 'b', 'c', 'd']) extract(base, name);
    expect((await counted(base, 4)).candidate).toEqual({ runs: 4, failed: 4 });
    expect(extract(base, 'e')).toBe(9);
  });
  await until(() => extract(base, 'f') === 0);
});
