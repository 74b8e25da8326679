/** Promises on real file systems of several kinds, each made in a file for the test. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pruneReleases } from '../../nodes/shared/operations/prune';
import {
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../support/deployment';
import { hasFileSystem, temporaryMounts } from '../support/disks';
import { makePdf, materialiseEngine } from '../support/engine';
import { Crowd, expectWhole, Reader } from '../support/extractions';
import { repairAt } from '../support/repairing';
import { size } from '../support/size';
import { keptNames, liveTree, treeOf } from '../support/snapshot';
import { thrownBy } from '../support/thrown';

jest.setTimeout(240_000);
const FLIPS = size(6, 20);
const MEGABYTES = 400;
const ALL = ['ext4', 'xfs', 'btrfs'];
/** Those on which two files may share what they hold. */
const SHARING = ['xfs', 'btrfs'];
const here = ALL.filter(hasFileSystem);

const { mountNew } = temporaryMounts();
const make = temporaryDirectories();
let v2: string;
let pdf: string;

beforeAll(async () => {
  [v2] = await engineVersions(make, 'v2');
  pdf = join(await make('pdf'), 'contract.pdf');
  writeFileSync(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
});

/** An engine as it is before its first deployment, on a disk of its own. */
async function plainEngineOn(type: string): Promise<string> {
  const base = mountNew(await make(type), type, MEGABYTES);
  await materialiseEngine('base', base);
  return base;
}

for (const type of ALL.filter((type) => !here.includes(type))) {
  test.todo(`${type}: not run, since this kernel has no such file system`);
}

test.each(here)('P1, P2: on %s nothing is missing, fails or mixes, from the adoption on', async (type) => {
  const base = await plainEngineOn(type);
  const reader = await Reader.start(base);
  const crowd = new Crowd({ basePath: base, pdf, total: 10_000, atOnce: 2, pauseSeconds: 0.005 });
  await crowd.reached(4);
  const { swap, backup } = await deployTo(base, v2);
  expect(swap).toMatchObject({ adopted: true, atomic: true, gapMs: 0 });
  for (let flip = 0; flip < FLIPS; flip++) {
    await crowd.reached(crowd.tally.done + 2);
    await rollBackTo(base, { target: 'previous' });
  }
  await expectWhole(crowd, reader, ['1', '2']);

  expect(liveTree(base)).toEqual(treeOf(v2));
  expect(await deployTo(base, v2)).toMatchObject({ status: 'unchanged' });
  expect((await rollBackTo(base, { target: 'backup', backup: backup ?? '' })).status).toBe('rolledBack');
  await inConversation((client) =>
    pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 0 }),
  );
  expect(keptNames(base).releases).toHaveLength(2);
  expect(await repairAt(base)).toMatchObject({ status: 'sound' });
});

test.each(here.filter((type) => SHARING.includes(type)))(
  'on %s a release shares the large files that did not change',
  async (type) => {
    const base = await plainEngineOn(type);
    writeFileSync(join(base, 'config/model.bin'), randomBytes(8 << 20));
    const [source] = await engineVersions(make, 'v2');
    execFileSync('cp', [join(base, 'config/model.bin'), join(source, 'config/model.bin')]);
    const { release } = await deployTo(base, source);
    execFileSync('sync', ['-f', base]);
    const extents = execFileSync('filefrag', ['-v', join(base, 'releases', release, 'config/model.bin')], {
      encoding: 'utf8',
    });
    expect(extents).toMatch(/\bshared\b/);
    expect(liveTree(base)).toEqual(treeOf(source));
  },
);

describe('a quota', () => {
  const run = (...command: string[]): unknown =>
    execFileSync(command[0], command.slice(1), { stdio: 'pipe' });
  if (!here.includes('btrfs')) return;

  test.each([1, 2, 4])(
    'P3, P5: with %i MiB left, a deployment of 5 leaves the old release live, and goes through once it is raised',
    async (left) => {
      const disk = mountNew(await make('quota'), 'btrfs', MEGABYTES);
      const base = join(disk, 'app');
      run('btrfs', 'subvolume', 'create', base);
      await materialiseEngine('base', base);
      const [first, source] = await engineVersions(make, 'base', 'v2');
      writeFileSync(join(source, 'config/model.bin'), randomBytes(5 << 20));
      await deployTo(base, first, { createBackup: false });
      run('btrfs', 'quota', 'enable', disk);
      run('btrfs', 'quota', 'rescan', '-w', disk);
      const used = Number(
        /^0\/\d+\s+(\d+)\s+\d+\s+app/m.exec(
          execFileSync('btrfs', ['qgroup', 'show', '--raw', '--sync', base], { encoding: 'utf8' }),
        )?.[1],
      );
      run('btrfs', 'qgroup', 'limit', String(used + left * 1024 ** 2), base);

      const before = { live: liveTree(base), releases: keptNames(base).releases };
      const error = await thrownBy(deployTo(base, source, { createBackup: false }));
      expect(error).toMatchObject({ code: 'STEP', message: expect.stringContaining('Disk quota exceeded') });
      expect({ live: liveTree(base), releases: keptNames(base).releases }).toEqual(before);

      run('btrfs', 'qgroup', 'limit', 'none', base);
      expect((await deployTo(base, source, { createBackup: false })).status).toBe('deployed');
      expect(await repairAt(base)).toMatchObject({ status: 'sound' });
    },
  );
});
