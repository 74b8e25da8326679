/** Runs that the node has started are listed and stopped by another execution, here and over SSH. */
import { join } from 'node:path';

import { jsonOf, nodeRuns, WAYS } from '../support/nodeRuns';
import { toldIn } from '../support/runs';

jest.setTimeout(120_000);
const runs = nodeRuns();
/** One item, for which an operation has no arguments. */
const ONE = [{ json: {} }];

test.each(WAYS)('6.5: %s: by whom a run was started, and its end', async (way) => {
  const basePath = await runs.engine('one');
  const file = join(await runs.make('once'), 'once');
  const running = runs.run(
    way,
    [['once', file, '60']],
    { basePath },
    { node: { onError: 'continueRegularOutput' } },
  );
  await toldIn(file);
  const listed = jsonOf(await runs.run(way, ONE, { basePath, operation: 'getRuns' }));
  expect(listed).toMatchObject([{ live: true, workflow: expect.any(String), execution: expect.any(String) }]);
  const { run } = listed[0];
  const options = { includeLive: true };
  const stopped = jsonOf(await runs.run(way, ONE, { basePath, operation: 'stopRuns', runs: run, options }));
  expect(stopped).toMatchObject([{ status: 'stopped', runs: [{ run, end: 'ended' }] }]);
  expect(jsonOf(await running)).toMatchObject([{ status: 'killed', signal: 'SIGTERM' }]);
  expect(jsonOf(await runs.run(way, ONE, { basePath, operation: 'getRuns' }))).toEqual([]);
});
