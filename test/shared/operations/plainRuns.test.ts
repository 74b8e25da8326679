/** Runs of an engine that was never deployed: known by what the Run node tells them, for nothing else tells them from others. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { getRuns } from '../../../nodes/shared/operations/getRuns';
import { stopRuns } from '../../../nodes/shared/operations/stopRuns';
import { deployTo, inConversation, temporaryDirectories } from '../../support/deployment';
import { asBasePath } from '../../support/named';
import { obedientEngine, runIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();

/** A plain engine, and a run of it that waits. */
async function waitingRun() {
  const base = await make('app');
  await writeTree(base, obedientEngine('plain'));
  const gate = join(await make('gates'), 'gate');
  const ended = thrownBy(inConversation((client) => runIn(client, base, ['gate', gate])));
  await until(() => existsSync(`${gate}.there`));
  return { base, ended };
}

const list = (base: string) => inConversation((client) => getRuns(client, asBasePath(base)));
const stop = (base: string, includeLive: boolean) =>
  inConversation((client) =>
    stopRuns(client, {
      basePath: asBasePath(base),
      chosen: [],
      includeLive,
      dryRun: false,
      graceSeconds: 5,
      holder: { workflow: 'Test', execution: '2' },
    }),
  );

test('one is listed, of no release, and of what is live; another engine has none', async () => {
  const { base, ended } = await waitingRun();
  expect(await list(base)).toMatchObject({
    count: 1,
    runs: [
      {
        basePath: base,
        release: null,
        live: true,
        run: expect.any(String),
        workflow: 'Test',
        execution: '1',
      },
    ],
  });
  const other = await make('app');
  await writeTree(other, obedientEngine('plain'));
  expect(await list(other)).toMatchObject({ count: 0 });
  expect(await stop(base, false)).toMatchObject({ status: 'stopped', runs: [] });
  expect(await stop(base, true)).toMatchObject({
    summary: expect.stringMatching(/^1 run of .* stopped\.$/),
    runs: [{ release: null, end: 'ended' }],
  });
  expect(await ended).toMatchObject({ details: { status: 'killed', release: null } });
  expect(existsSync(join(base, '.hot-deploy'))).toBe(false);
});

test('after the first deployment it is one of what is not live, and is stopped with those', async () => {
  const { base, ended } = await waitingRun();
  const source = await make('source');
  await writeTree(source, obedientEngine('one'));
  await deployTo(base, source);
  expect(await list(base)).toMatchObject({ runs: [{ release: null, live: false }] });
  expect(await stop(base, false)).toMatchObject({ runs: [{ release: null, end: 'ended' }] });
  expect(await ended).toMatchObject({ details: { status: 'killed', release: null } });
});
