/** A kept release and the live one, compared by the same inputs: an operation of its own. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { parseReleaseId, type ReleaseId } from '../../../nodes/shared/contract/names';
import { replayReleases } from '../../../nodes/shared/operations/replayReleases';
import {
  type ConversationOptions,
  deployOptions,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { liveRelease } from '../../support/engineStatus';
import { SYSTEM_PYTHON } from '../../support/placeRuns';
import { inputs, deployReporting } from '../../support/replayed';
import { replaySettings } from '../../support/replaySettings';
import { leftOfRuns } from '../../support/runs';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const NOBODY = 65534;
let base: string;
let inputDirectory: string;

async function deployEngine(change = ''): Promise<ReleaseId> {
  return parseReleaseId((await deployReporting(make, base, change)).release);
}

function compare(release: ReleaseId, conversation: ConversationOptions = {}, progress?: string[]) {
  const options = { ...deployOptions(base), release };
  return inConversation(
    (client) =>
      replayReleases(
        client,
        { ...options, ...(progress && { onProgress: (text) => void progress.push(text) }) },
        replaySettings({ inputDirectory, maxInputs: 2 }),
      ),
    conversation,
  );
}

beforeEach(async () => {
  base = join(await make(), 'app');
  inputDirectory = inputs(await make(), 2);
});

afterEach(() => expect(leftOfRuns(base)).toEqual([]));

test('what the one before does otherwise is told, and nothing is changed', async () => {
  const before = await deployEngine();
  const live = await deployEngine('report["words"] += 1');
  const progress: string[] = [];
  const found = await compare(before, {}, progress);
  expect(found).toMatchObject({ release: before, live, verdict: 'different', runs: 6, network: 'off' });
  expect(found.differences.map(({ path, live: now, other }) => [path, now, other])).toEqual([
    ['report.json/words', '5', '4'],
    ['report.json/words', '5', '4'],
  ]);
  expect(liveRelease(base)).toBe(live);
  expect(progress).toEqual(['input 1 of 2: input-00.txt\n', 'input 2 of 2: input-01.txt\n']);
});

test('others may deploy meanwhile: both releases stay, and it goes on with them', async () => {
  const before = await deployEngine();
  const live = await deployEngine('# the second');
  const comparing = compare(before);
  const next = await deployEngine('report["words"] += 1');
  expect(await comparing).toMatchObject({ verdict: 'same', live, release: before });
  expect(liveRelease(base)).toBe(next);
});

test('as another user than root, runs have nobody to reach either, in a namespace of their own', async () => {
  const before = await deployEngine();
  await deployEngine('# the second');
  const directory = await make('interpreter');
  const python = join(directory, 'python');
  const asNobody = `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups`;
  await writeFile(python, `#!/bin/sh\n${asNobody} ${SYSTEM_PYTHON} "$@"\n`, { mode: 0o755 });
  execFileSync('chown', ['-hR', `${NOBODY}:${NOBODY}`, base]);
  for (const path of [directory, inputDirectory, dirname(inputDirectory), dirname(base)])
    chmodSync(path, 0o755);
  expect(await compare(before, { python })).toMatchObject({ verdict: 'same', network: 'off' });
});

test('the live release, and an engine that was never deployed, are named', async () => {
  mkdirSync(base);
  const none = parseReleaseId('20261123-171501-3f2a9c1');
  expect(await thrownBy(compare(none))).toMatchObject({
    code: 'INPUT',
    message: `Nothing was deployed to ${base} yet, so there is nothing to compare with.`,
  });
  const live = await deployEngine();
  expect(await thrownBy(compare(live))).toMatchObject({
    message: `Release ${live} is the live one. Choose another to compare it with.`,
  });
  expect((await thrownBy(compare(none))).message).toContain(none);
});
