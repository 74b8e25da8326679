/** 3f.4: real replays of releases that take longer, and of such that don't. */
import { join } from 'node:path';

import { parseReleaseId, type ReleaseId } from '../../../nodes/shared/contract/names';
import { type ReplayedRelease, replayReleases } from '../../../nodes/shared/operations/replayReleases';
import { deployOptions, inConversation, temporaryDirectories } from '../../support/deployment';
import { inputs, deployReporting } from '../../support/replayed';
import { replaySettings } from '../../support/replaySettings';
import { size } from '../../support/size';

jest.setTimeout(3_600_000);
const make = temporaryDirectories();
/** One trial with a slower release that nobody overlooks shows that time is looked at; how often it is, the full size. */
const TRIALS = size(1, 20);
const INPUTS = size(7, 20);
const SECONDS = size(0.1, 0.3);
const TIMES = size(4, 1.5);
let base: string;
let slow: ReleaseId;
let same: ReleaseId;

async function deployEngine(change: string): Promise<ReleaseId> {
  return parseReleaseId((await deployReporting(make, base, change)).release);
}

/** As many replays, and how many of them came to the verdict. */
async function countOf(release: ReleaseId, isSo: (found: ReplayedRelease) => boolean): Promise<number> {
  const settings = replaySettings({ inputDirectory: inputs(await make(), INPUTS), maxMinutes: 60 });
  let count = 0;
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const what = { ...deployOptions(base), release };
    if (isSo(await inConversation((client) => replayReleases(client, what, settings)))) count += 1;
  }
  return count;
}

beforeAll(async () => {
  base = join(await make(), 'app');
  // With what starting takes, which is a tenth of a second or less.
  slow = await deployEngine(`time.sleep(${SECONDS * TIMES + 0.1 * (TIMES - 1)})`);
  same = await deployEngine(`time.sleep(${SECONDS}) # as the next one`);
  await deployEngine(`time.sleep(${SECONDS})`);
});

test(`${TIMES} times the time is found to be worse, nearly always`, async () => {
  const found = await countOf(slow, ({ verdict, slower }) => verdict === 'worse' && slower);
  expect(found).toBeGreaterThanOrEqual(size(1, 18));
});

test('one that takes as long is left alone, nearly always', async () => {
  expect(await countOf(same, ({ verdict }) => verdict === 'same')).toBeGreaterThanOrEqual(
    TRIALS - size(0, 1),
  );
});
