/** 3f.10: what a replay holds in n8n, and for how long it keeps its event loop from turning. */
import { join } from 'node:path';

import { parseReleaseId } from '../../../nodes/shared/contract/names';
import { replayReleases } from '../../../nodes/shared/operations/replayReleases';
import { deployOptions, inConversation, temporaryDirectories } from '../../support/deployment';
import { leastHeld } from '../../support/memory';
import { inputs, deployReporting } from '../../support/replayed';
import { replaySettings } from '../../support/replaySettings';
import { size } from '../../support/size';

jest.setTimeout(600_000);
const make = temporaryDirectories();
const MB = 1024 ** 2;
/** Of each run: 25,000 entries and 5 MB of JSON, with a time in it that is another one in each run. */
const LARGE = `report["evidence"] = [{"id": "e%d" % n, "text": "evidence " * 16, "score": n / 7} for n in range(25000)]
report["made"] = str(uuid.uuid4())
`;

test('3f.10: inputs whose reports have 5 MB each: n8n grows by less than 64 MB', async () => {
  const base = join(await make(), 'app');
  const releases: string[] = [];
  for (const change of [LARGE, `${LARGE}report["evidence"][77]["score"] = 9\n`]) {
    releases.push((await deployReporting(make, base, change)).release);
  }
  const count = size(3, 20);
  const settings = replaySettings({ inputDirectory: inputs(await make(), count) });
  const what = { ...deployOptions(base), release: parseReleaseId(releases[0] as string) };
  const held = await leastHeld(async () => {
    const found = await inConversation((client) => replayReleases(client, what, settings));
    expect(found).toMatchObject({ verdict: 'different', inputs: count, differenceCount: count });
    expect(found.differences[0]?.path).toBe('report.json/evidence/77/score');
    expect(found.noisy).toEqual(['report.json/made']);
  });
  expect(held).toBeLessThan(64 * MB);
});
