import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pruneReleases } from '../../nodes/shared/operations/prune';
import { changedPython } from '../support/changedPython';
import {
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../support/deployment';
import { temporaryMounts } from '../support/disks';
import { repairAt } from '../support/repairing';
import { keptNames, liveTree, seenThrough, treeOf } from '../support/snapshot';
import { thrownBy } from '../support/thrown';

const { mount, mountFailing } = temporaryMounts();
const make = temporaryDirectories();
let v1: string, v2: string, v4: string;

beforeAll(async () => {
  [v1, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
});

const freeInodes = (path: string): number => statfsSync(path).ffree;

/** Uses up inodes until at most so many are left. An executor beside it may take the last ones between look and write. */
function useInodes(base: string, left: number): void {
  mkdirSync(join(base, 'filler'));
  try {
    for (let count = 0; freeInodes(base) > left; count++) writeFileSync(join(base, 'filler', `${count}`), '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

describe('a disk that runs out of inodes', () => {
  async function fewInodes(): Promise<string> {
    const base = mount(await make('inodes'), 'tmpfs', 'size=64m,nr_inodes=400');
    await deployTo(base, v1, { createBackup: false });
    return base;
  }

  test('P3: before, is refused with what is needed', async () => {
    const base = await fewInodes();
    useInodes(base, 50);
    const before = { live: liveTree(base), kept: keptNames(base), inodes: freeInodes(base) };
    const error = await thrownBy(deployTo(base, v2, { createBackup: false }));
    expect(error.message).toMatch(/has \d+ inodes left; this release needs \d+\./);
    expect({ live: liveTree(base), kept: keptNames(base), inodes: freeInodes(base) }).toEqual(before);
  });

  test('P3, P5: in the middle, leaves the old release live and gives back what it took', async () => {
    const base = await fewInodes();
    const before = { live: liveTree(base), kept: keptNames(base) };
    const inodes = freeInodes(base);
    const error = await thrownBy(
      deployTo(base, v2, {
        createBackup: false,
        onStep: ({ step, phase }) => {
          if (step === 'transfer and assemble' && phase === 'start') useInodes(base, 1);
        },
      }),
    );
    rmSync(join(base, 'filler'), { recursive: true });
    expect(error.code).toBe('STEP');
    expect(error.message).toContain('No space left on device');
    expect({ live: liveTree(base), kept: keptNames(base) }).toEqual(before);
    expect(freeInodes(base)).toBe(inodes);
    expect((await deployTo(base, v2, { createBackup: false })).status).toBe('deployed');
  });
});

describe('a disk that can not be written to', () => {
  const remount = (base: string, how: string): unknown =>
    execFileSync('mount', ['-o', `remount,${how}`, base], { stdio: 'pipe' });

  async function engine(): Promise<string> {
    const base = mount(await make('read-only'), 'tmpfs', 'size=64m');
    await deployTo(base, v1);
    return base;
  }

  test('P3: is said to be so, and extractions go on', async () => {
    const base = await engine();
    remount(base, 'ro');
    const before = seenThrough(base);
    const error = await thrownBy(deployTo(base, v2));
    expect(error.code).toBe('STEP');
    expect(`${error.message} ${error.description}`).toMatch(/read-only|mount it writable/i);
    expect(await repairAt(base, { dryRun: true })).toMatchObject({ status: 'sound' });
    expect(seenThrough(base)).toEqual(before);
    remount(base, 'rw');
    expect((await deployTo(base, v2)).status).toBe('deployed');
  });

  test.each(['transfer and assemble', 'check before the switch', 'check after the switch'])(
    'P2, P5: that becomes so in “%s”: the engine stays whole, and the next operation puts things right',
    async (wanted) => {
      const base = await make('failing');
      const disk = mountFailing(base, join(await make('image'), 'ext4'), 64);
      rmSync(join(base, 'lost+found'), { recursive: true });
      await deployTo(base, v1);
      const error = await thrownBy(
        deployTo(base, v2, {
          createBackup: false,
          onStep: ({ step, phase }) => {
            if (step === wanted && phase === 'start') disk.fail();
          },
        }),
      );
      expect(['STEP', 'LOST']).toContain(error.code);
      expect(`${error.message} ${error.description}`).toMatch(/read-only|input\/output error/i);
      expect([treeOf(v1), treeOf(v2)]).toContainEqual(liveTree(base));
      disk.repair();
      expect((await deployTo(base, v4)).status).toBe('deployed');
      // What the disk has lost of the version that did not go live is told, and is nobody's.
      const { release, findings } = await repairAt(base);
      const lost = findings.filter(
        ({ kind, path }) => kind === 'damagedRelease' && path !== `releases/${release}`,
      );
      expect(findings).toEqual(lost);
    },
  );
});

describe('an overlay, as containers have it, with the engine in its lower layer', () => {
  async function imageEngine(): Promise<{ base: string; before: ReturnType<typeof treeOf> }> {
    const root = mount(await make('overlay'), 'tmpfs', 'size=64m');
    const [lower, upper, work, base] = ['lower', 'upper', 'work', 'app'].map((name) => join(root, name));
    for (const path of [lower, upper, work, base]) mkdirSync(path);
    execFileSync('cp', ['-a', `${v1}/.`, lower]);
    mount(base, 'overlay', `lowerdir=${lower},upperdir=${upper},workdir=${work}`);
    return { base, before: treeOf(base) };
  }

  test('P2: is adopted, deployed to and rolled back on', async () => {
    const { base, before } = await imageEngine();
    const result = await deployTo(base, v2);
    expect(result).toMatchObject({ status: 'deployed', swap: { adopted: true, atomic: false } });
    expect(result.swap.gapMs).toBeGreaterThan(0);
    expect(treeOf(join(base, '.hot-deploy/adopted', result.previousRelease as string))).toEqual(before);
    expect(liveTree(base)).toEqual(treeOf(v2));
    expect((await rollBackTo(base, { target: 'previous' })).status).toBe('rolledBack');
    expect(liveTree(base)).toEqual(before);
    expect(await repairAt(base)).toMatchObject({ status: 'sound' });
  });

  test.each(['deployment', 'repair'])(
    'P2, P3: cut off while an original is removed, the %s puts it back first',
    async (how) => {
      const { base, before } = await imageEngine();
      const python = await changedPython(
        await make('python'),
        'python-cut',
        `import signal
remove = os.unlink
def unlink(path, *rest, **options):
    if str(path).startswith(${JSON.stringify(`${base}/src/`)}) or options.get('dir_fd') is not None:
        remove(path, *rest, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return remove(path, *rest, **options)
os.unlink = unlink`,
      );
      expect((await thrownBy(deployTo(base, v2, {}, { python }))).code).toBe('LOST');
      expect(lstatSync(join(base, 'src')).isDirectory()).toBe(true);
      expect(treeOf(base)).not.toEqual(before);
      if (how === 'repair') {
        await repairAt(base);
        const plain = Object.entries(treeOf(base)).filter(([path]) => !path.startsWith('.hot-deploy'));
        expect(Object.fromEntries(plain)).toEqual(before);
      } else {
        const { previousRelease } = await deployTo(base, v2);
        expect(treeOf(join(base, 'releases', previousRelease as string))).toEqual(before);
        expect(readlinkSync(join(base, 'src'))).toBe('current/src');
      }
    },
  );
});

test('P2: a file system without exchange and hard links: adopted, and the gap is said', async () => {
  const base = await make('plain');
  execFileSync('cp', ['-a', `${v1}/.`, base]);
  const python = await changedPython(
    await make('python'),
    'python-vfat',
    `import ctypes, errno
class Library(ctypes.CDLL):
    def __getattr__(self, name):
        if name == 'renameat2':
            raise AttributeError(name)
        return super().__getattr__(name)
ctypes.CDLL = Library
def refused(*arguments, **options):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
os.link = refused`,
  );
  const result = await deployTo(base, v2, {}, { python });
  expect(result.swap).toMatchObject({ adopted: true, atomic: false });
  expect(result.swap.gapMs).toBeGreaterThan(0);
  expect(liveTree(base)).toEqual(treeOf(v2));
  expect((await rollBackTo(base, { target: 'previous' }, {}, { python })).status).toBe('rolledBack');
  expect(await repairAt(base)).toMatchObject({ status: 'sound' });
});

describe('a clock that jumps', () => {
  /** An engine's side, and an n8n, that believe in another year. */
  async function inYear<T>(year: number, work: (python: string) => Promise<T>): Promise<T> {
    const python = await changedPython(
      await make('python'),
      `python-${year}`,
      `import datetime
real = datetime.datetime
class Jumped(real):
    @classmethod
    def now(cls, zone=None):
        return real.now(zone).replace(year=${year}, day=1)
datetime.datetime = Jumped`,
    );
    const now = new Date();
    now.setUTCFullYear(year);
    jest.useFakeTimers({
      now,
      doNotFake: [
        'setTimeout',
        'setInterval',
        'setImmediate',
        'clearTimeout',
        'clearInterval',
        'clearImmediate',
        'nextTick',
        'queueMicrotask',
        'performance',
        'hrtime',
      ],
    });
    try {
      return await work(python);
    } finally {
      jest.useRealTimers();
    }
  }

  test('P2: order comes from sequence numbers, whatever the clocks say', async () => {
    const base = await make('clock');
    const first = await inYear(2031, (python) => deployTo(base, v1, {}, { python }));
    const second = await inYear(1999, (python) => deployTo(base, v2, {}, { python }));
    expect([first.release.slice(0, 4), second.release.slice(0, 4)]).toEqual(['2031', '1999']);
    const third = await inYear(2015, (python) => deployTo(base, v4, {}, { python }));
    expect(third.previousRelease).toBe(second.release);
    const removed = await inConversation((client) =>
      pruneReleases(client, deployOptions(base), { keepReleases: 2, keepBackups: 10 }),
    );
    expect(removed.releases).toEqual([first.release]);
    expect(await rollBackTo(base, { target: 'previous' })).toMatchObject({ release: second.release });
    expect(await repairAt(base)).toMatchObject({ status: 'sound', release: second.release });
  });
});

test('P5: a disk so slow that a step outlasts the silence: n8n is there, so it counts as there', async () => {
  const base = await make('slow');
  await deployTo(base, v1);
  const python = await changedPython(
    await make('python'),
    'python-slow',
    `import time
sync = os.fsync
def slow(descriptor):
    time.sleep(1.2)
    return sync(descriptor)
os.fsync = slow`,
  );
  const result = await deployTo(base, v2, { createBackup: false }, { python, silenceSeconds: 1 });
  expect(result.status).toBe('deployed');
  expect(readdirSync(join(base, '.hot-deploy/staging'))).toEqual([]);
});
