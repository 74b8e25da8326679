/** Runs of the release before, where that was watched, too, are what the next one is compared with. */
import { endRollout } from '../../../nodes/shared/operations/endRollout';
import { deployOptions, deployTo, inConversation, temporaryDirectories } from '../../support/deployment';
import { counted, endedRollout, extract, WATCH, watchedVersions, writtenRollout } from '../../support/guards';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const version = watchedVersions(make);

test('one that fails a quarter of all documents is taken back where the one before failed none', async () => {
  const base = await make();
  const deployed = async (does: string) => deployTo(base, await version(does), { watch: WATCH });
  await deployed('print(1)');
  const careful = await deployed('print(2)');
  for (let run = 0; run < 40; run++) extract(base, `before${run}`);
  await counted(base, 40);
  await inConversation((client) => endRollout(client, 'promote', deployOptions(base)));
  await deployed('sys.exit(words[0].endswith("0"))');
  for (let run = 0; run < 40 && writtenRollout(base).state === 'watching'; run++) {
    extract(base, `after${run}${run % 4}`);
  }
  const rollout = await endedRollout(base);
  expect(rollout).toMatchObject({
    state: 'aborted',
    fallback: careful.release,
    runs: { before: { runs: 40, failed: 0 } },
  });
  expect(rollout.p).toBeLessThan(0.01);
  expect(rollout.summary).toContain(
    'none of 40 runs of the live release; were it as good, chance would do that in',
  );
});
