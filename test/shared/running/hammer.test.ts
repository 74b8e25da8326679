/** 1f.3: runs over flips, one after another and several at once: none fails, none mixes, and each names its own release. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import type { Pinning } from '../../../nodes/shared/contract/records';
import type { ReleaseId } from '../../../nodes/shared/contract/names';
import { deployTo, openClient, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { asReleaseId } from '../../support/named';
import { obedientEngine, runIn } from '../../support/runs';
import { size } from '../../support/size';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { writeTree } from '../../support/tree';

jest.setTimeout(3_600_000);
const make = temporaryDirectories();
/** One that every user of this machine can reach. */
const SYSTEM_PYTHON = '/usr/bin/python3';
const [RUNS, FLIPS, AT_ONCE] = [size(60, 1000), size(6, 50), 4];
let user: SystemUser;

beforeAll(() => {
  user = createSystemUser();
});

afterAll(() => user.remove());

/** An engine with two releases, of this machine's user or another one's. */
async function engine(pinning: Pinning, owner?: SystemUser): Promise<string> {
  const home = await make();
  const base = join(home, 'app');
  mkdirSync(base);
  if (owner) {
    chmodSync(home, 0o755);
    const uid = Number(execFileSync('id', ['-u', owner.username]).toString());
    chownSync(base, uid, uid);
  }
  for (const version of ['one', 'two']) {
    const source = await make('source');
    await writeTree(source, obedientEngine(version));
    await deployTo(base, source, { pinning }, { python: SYSTEM_PYTHON });
  }
  return base;
}

interface Said {
  version: string;
  late?: string;
  data: string;
  release: string;
}

/** Runs the engine again and again while the other release goes live so often; what each run said, and was said to be. */
async function hammer(base: string, words: readonly string[], pinned?: ReleaseId) {
  const client = await openClient({ python: SYSTEM_PYTHON });
  const told: Array<{ release: string | null; user: string; pinning: string | null; said: Said }> = [];
  const failed: string[] = [];
  let started = 0;
  let flips = 0;
  const lane = async () => {
    while (started < RUNS) {
      started += 1;
      try {
        const result = await runIn(client, base, words, { release: pinned });
        const { release, user: by, pinning } = result;
        told.push({ release, user: by, pinning, said: result.output as Said });
      } catch (error) {
        failed.push(String(error));
      }
    }
  };
  const flipping = async () => {
    // Spread over the runs: the next flip comes once its share of them has been started.
    while (flips < FLIPS) {
      await rollBackTo(base, { target: 'previous' }, {}, { python: SYSTEM_PYTHON });
      flips += 1;
      while (started < Math.min(RUNS, (flips * RUNS) / FLIPS))
        await new Promise((next) => setTimeout(next, 5));
    }
  };
  try {
    await Promise.all([flipping(), ...Array.from({ length: AT_ONCE }, lane)]);
  } finally {
    await client.close();
  }
  return { told, failed, flips };
}

test.each<[string, Pinning, boolean]>([
  ['in place', 'auto', false],
  ['in place, as another user', 'auto', true],
  ['by code', 'code', false],
  ['in the release', 'release', false],
])(
  '1f.3: %s: many runs over many flips: 0 failed, 0 mixed, each of the release that it names',
  async (how, pinning, asOther) => {
    const base = await engine(pinning, asOther ? user : undefined);
    // What it opens by itself is pinned in place only; what is named to it, and what it imports, in all ways.
    const words = pinning === 'auto' ? ['say'] : ['given', 'config/version.json'];
    const { told, failed, flips } = await hammer(base, words);
    const mixed = told.filter(
      ({ said: { version, data, late = version } }) => version !== data || version !== late,
    );
    const misnamed = told.filter(({ release, said }) => release !== said.release);
    const versions = new Map<string, Set<string>>();
    for (const { release, said } of told) {
      versions.set(said.version, (versions.get(said.version) ?? new Set()).add(String(release)));
    }
    process.stdout.write(
      `runs pinned ${how}: ${told.length} over ${flips} flips, ${failed.length} failed, ${mixed.length} mixed, ${misnamed.length} misnamed\n`,
    );
    expect({ failed, mixed, misnamed, runs: told.length, flips }).toEqual({
      failed: [],
      mixed: [],
      misnamed: [],
      runs: RUNS,
      flips: FLIPS,
    });
    // Each version is of one release, and both were run.
    expect([...versions].map(([version, releases]) => [version, releases.size]).sort()).toEqual([
      ['one', 1],
      ['two', 1],
    ]);
    expect(new Set(told.map((each) => each.pinning))).toEqual(
      new Set([pinning === 'auto' ? 'place' : pinning]),
    );
    if (asOther) expect(new Set(told.map((each) => each.user))).toEqual(new Set([user.username]));
  },
);

test('1f.4: … and all of the release that was chosen, whatever is live', async () => {
  const base = await engine('auto');
  const client = await openClient({ python: SYSTEM_PYTHON });
  const { release } = await runIn(client, base);
  await client.close();
  const { told, failed } = await hammer(base, ['say'], asReleaseId(String(release)));
  expect(failed).toEqual([]);
  const said = told.map((each) =>
    [each.release, each.said.version, each.said.data, each.said.release].join(),
  );
  expect(new Set(said)).toEqual(new Set([[release, 'two', 'two', release].join()]));
});
