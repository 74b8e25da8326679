import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import {
  checkOf,
  deployTo,
  inConversation,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { foundIn, repairAt } from '../../support/repairing';
import { liveTree, statusOf, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { asBasePath } from '../../support/named';

const make = temporaryDirectories();
const VERSIONS = ['1', '2', '3'];
const sources: string[] = [];
let template: string;
let releases: string[];

const RUN = `import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))
import engine
print(engine.VERSION, end='')
`;

beforeAll(async () => {
  template = await make('template');
  releases = [];
  for (const version of VERSIONS) {
    const source = await make('source');
    await writeTree(source, {
      'run.py': RUN,
      'src/engine.py': `VERSION = '${version}'\n`,
      'src/same.py': 'SAME = True\n',
      'config/engine.json': `{"version": "${version}"}`,
    });
    sources.push(source);
    releases.push((await deployTo(template, source)).release);
  }
});

/** A copy of an engine with three releases, the third live. */
async function engine(): Promise<string> {
  const base = await make('damaged');
  execFileSync('cp', ['-a', `${template}/.`, base]);
  return base;
}

const currentOf = (base: string): string => readlinkSync(join(base, 'current'));
const runs = (base: string): string => execFileSync(PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' });

test('a sound engine is called so, and nothing is written', async () => {
  const base = await engine();
  const before = statusOf(base);
  expect(await repairAt(base)).toMatchObject({
    status: 'sound',
    basePath: base,
    release: releases[2],
    previousRelease: releases[1],
    findings: [],
  });
  expect(statusOf(base)).toEqual(before);
});

test('a plain engine that was never deployed is left as it is', async () => {
  const base = await make('plain');
  execFileSync('cp', ['-a', `${sources[0]}/.`, base]);
  const before = statusOf(base);
  expect(await repairAt(base)).toMatchObject({ status: 'sound', release: null });
  expect(statusOf(base)).toEqual(before);
});

describe('P2: where `current` does not lead to a release', () => {
  const DAMAGES: Array<[string, string, (base: string) => void]> = [
    ['is gone', 'currentMissing', (base) => unlinkSync(join(base, 'current'))],
    [
      'leads to a release that is gone',
      'currentDangling',
      (base) => {
        execFileSync('chmod', ['-R', 'u+w', join(base, currentOf(base))]);
        rmSync(join(base, currentOf(base)), { recursive: true });
      },
    ],
    ['is a link of somebody else', 'currentForeign', (base) => relink(base, '/nowhere')],
    [
      'is a directory',
      'currentForeign',
      (base) => {
        unlinkSync(join(base, 'current'));
        mkdirSync(join(base, 'current'));
        writeFileSync(join(base, 'current', 'mine'), 'precious');
      },
    ],
  ];
  const relink = (base: string, target: string): void => {
    unlinkSync(join(base, 'current'));
    symlinkSync(target, join(base, 'current'));
  };

  test.each(DAMAGES)(
    '%s, the newest whole release that was live is live again',
    async (_name, kind, damage) => {
      const base = await engine();
      damage(base);
      const planned = await repairAt(base, { dryRun: true });
      expect(planned).toMatchObject({
        status: 'planned',
        release: kind === 'currentDangling' ? releases[2] : null,
      });
      expect(foundIn(planned).current).toEqual([kind, false]);

      const result = await repairAt(base);
      const expected = kind === 'currentDangling' ? releases[1] : releases[2];
      expect(result).toMatchObject({ status: 'repaired', release: expected });
      expect(result.findings[0]).toMatchObject({ kind, path: 'current', done: true });
      expect(result.findings[0].action).toBe(`Release ${expected} was made live again.`);
      expect(runs(base)).toBe(kind === 'currentDangling' ? '2' : '3');
      expect(result.checks.length).toBeGreaterThan(0);
      expect(await repairAt(base)).toMatchObject({ status: 'sound' });
    },
  );

  test('what somebody put there is kept aside', async () => {
    const base = await engine();
    DAMAGES[3][2](base);
    await repairAt(base);
    const aside = join(base, '.hot-deploy/aside');
    expect(
      execFileSync('find', [aside, '-name', 'mine', '-exec', 'cat', '{}', ';'], { encoding: 'utf8' }),
    ).toBe('precious');
  });

  test('and is put back when no release passes its checks', async () => {
    const base = await engine();
    DAMAGES[3][2](base);
    await thrownBy(repairAt(base, { checks: [checkOf({ when: 'after', command: 'false' })] }));
    expect(readFileSync(join(base, 'current', 'mine'), 'utf8')).toBe('precious');
  });

  test('a release whose files were edited, or that does not pass its checks, is skipped', async () => {
    const base = await engine();
    edit(join(base, 'releases', releases[2], 'src/engine.py'), "VERSION = 'edited'\n");
    unlinkSync(join(base, 'current'));
    const notTwo = checkOf({
      type: 'python',
      when: 'after',
      code: "import engine; assert engine.VERSION != '2'",
    });
    const result = await repairAt(base, { checks: [notTwo] });
    expect(result.release).toBe(releases[0]);
    expect(runs(base)).toBe('1');
    expect(readFileSync(join(base, 'releases', releases[2], 'src/engine.py'), 'utf8')).toContain('edited');
  });

  test('and no release can be live again, it says why for each', async () => {
    const base = await engine();
    unlinkSync(join(base, 'current'));
    const error = await thrownBy(repairAt(base, { checks: [checkOf({ command: 'false' })] }));
    expect(error.code).toBe('STEP');
    expect(error.message).toContain(`No release could be made live in ${base}.`);
    for (const release of releases) expect(error.description).toContain(release);
    expect(existsSync(join(base, 'current'))).toBe(false);
  });

  test.each(DAMAGES.slice(0, 2))(
    '%s: any other operation repairs that first, and says so',
    async (_name, kind, damage) => {
      const restored = kind === 'currentDangling' ? 1 : 2;
      const found = expect.objectContaining({ kind, path: 'current', done: true });
      const repaired = expect.arrayContaining([found]);
      const rolledBack = await engine();
      damage(rolledBack);
      expect(await rollBackTo(rolledBack, { target: 'previous' })).toMatchObject({
        release: releases[restored - 1],
        previousRelease: releases[restored],
        repaired,
      });
      expect(await repairAt(rolledBack)).toMatchObject({ status: 'sound' });

      const deployed = await engine();
      damage(deployed);
      expect(await deployTo(deployed, sources[0])).toMatchObject({
        status: 'deployed',
        previousRelease: releases[restored],
        repaired,
      });
      expect(await repairAt(deployed)).toMatchObject({ status: 'sound' });
    },
  );

  test('somebody took the layout apart on purpose: nothing is forced on them', async () => {
    const base = await engine();
    for (const name of ['current', 'run.py', 'src', 'config']) unlinkSync(join(base, name));
    expect(await repairAt(base)).toMatchObject({ status: 'sound', release: null });
  });
});

function edit(path: string, content: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
}

test('leftovers of operations that were killed are removed', async () => {
  const base = await engine();
  const state = join(base, '.hot-deploy');
  mkdirSync(join(state, 'staging', '20261123-171501-3f2a9c1'));
  writeFileSync(join(state, 'history.jsonl.0123456789ab.tmp'), '');
  writeFileSync(join(base, 'backups', 'hot-backup.0123456789ab.tmp'), '');
  writeFileSync(join(state, 'releases', '20250101-000000-0000000.json'), '{}');
  mkdirSync(join(base, 'environments', '0123456789abcdef'), { recursive: true });
  mkdirSync(join(state, 'adopted', releases[0]), { recursive: true });
  symlinkSync('current/src', join(state, 'adopted', releases[0], 'src'));
  const before = statusOf(base);
  const planned = await repairAt(base, { dryRun: true });
  expect(statusOf(base)).toEqual(before);
  const result = await repairAt(base);
  expect(result.status).toBe('repaired');
  expect(Object.keys(foundIn(result)).sort()).toEqual(Object.keys(foundIn(planned)).sort());
  expect(result.findings.map(({ kind }) => kind).sort()).toEqual([
    'adoptionLeftover',
    'adoptionLeftover',
    'orphanRecord',
    'staging',
    'temporary',
    'temporary',
    'unfinishedEnvironment',
  ]);
  expect(await repairAt(base)).toMatchObject({ status: 'sound' });
});

test('links and the launcher that are gone are made again, and links that lead nowhere go', async () => {
  const base = await engine();
  unlinkSync(join(base, 'src'));
  unlinkSync(join(base, 'run.py'));
  symlinkSync('current/old', join(base, 'old'));
  const result = await repairAt(base);
  expect(foundIn(result)).toEqual({
    src: ['linkMissing', true],
    'run.py': ['launcherMissing', true],
    old: ['linkDangling', true],
  });
  expect(runs(base)).toBe('3');
  expect(existsSync(join(base, 'old'))).toBe(false);
});

test('P2: half an adoption is completed where both sides hold the same bytes, and left alone where they do not', async () => {
  const base = await engine();
  for (const name of ['src', 'config']) {
    unlinkSync(join(base, name));
    execFileSync('cp', ['-a', join(base, 'current', name), join(base, name)]);
  }
  edit(join(base, 'config/engine.json'), '{"version": "mine"}');
  const result = await repairAt(base);
  expect(result.status).toBe('attention');
  expect(foundIn(result)).toEqual({ src: ['plainName', true], config: ['plainName', false] });
  expect(readlinkSync(join(base, 'src'))).toBe('current/src');
  expect(existsSync(join(base, '.hot-deploy/adopted', releases[2], 'src/engine.py'))).toBe(true);
  expect(readFileSync(join(base, 'config/engine.json'), 'utf8')).toContain('mine');
});

describe('releases that are not what was recorded', () => {
  test('missing files of a kept release come back from another one with the very same content', async () => {
    const base = await engine();
    const release = join(base, 'releases', releases[0]);
    chmodSync(join(release, 'src'), 0o755);
    rmSync(join(release, 'src/same.py'));
    const result = await repairAt(base);
    expect(foundIn(result)).toEqual({ [`releases/${releases[0]}`]: ['damagedRelease', true] });
    expect(treeOf(release)).toEqual(treeOf(sources[0]));
    expect(statSync(join(release, 'src')).mode & 0o222).toBe(0);
    expect((await rollBackTo(base, { target: 'release', release: releases[0] })).status).toBe('rolledBack');
  });

  test('edits are reported and never written over, in a kept release and in the live one', async () => {
    const base = await engine();
    for (const release of [releases[0], releases[2]]) {
      edit(join(base, 'releases', release, 'src/engine.py'), "VERSION = 'edited'\n");
    }
    const result = await repairAt(base);
    expect(result.status).toBe('attention');
    for (const [index, says] of [
      [0, 'can’t go live'],
      [2, 'Deploy again, or roll back'],
    ] as const) {
      const path = `releases/${releases[index]}`;
      const found = result.findings.find(
        (finding) => finding.path === path && finding.kind === 'damagedRelease',
      );
      expect(found).toMatchObject({ done: false });
      expect(found?.explanation).toContain('1 changed (src/engine.py)');
      expect(found?.action).toContain(says);
    }
    expect(runs(base)).toBe('edited');
    expect((await deployTo(base, sources[2])).status).toBe('deployed');
    expect(runs(base)).toBe('3');
  });

  test('P2: one whose list of files was lost is reported, and can not go live', async () => {
    const base = await engine();
    writeFileSync(join(base, '.hot-deploy/releases', `${releases[1]}.manifest.json`), '');
    const result = await repairAt(base);
    expect(foundIn(result)).toEqual({ [`releases/${releases[1]}`]: ['manifestMissing', false] });
    const error = await thrownBy(rollBackTo(base, { target: 'previous' }));
    expect(error.message).toContain('the list of its files is gone or damaged');
    expect(currentOf(base)).toBe(`releases/${releases[2]}`);
  });

  test('unknown ones are reported and stay', async () => {
    const base = await engine();
    mkdirSync(join(base, 'releases/20240101-000000-abcdef0'));
    mkdirSync(join(base, 'releases/20240101000000'));
    const result = await repairAt(base);
    expect(result.status).toBe('attention');
    expect(foundIn(result)).toEqual({
      'releases/20240101-000000-abcdef0': ['unknownRelease', false],
      'releases/20240101000000': ['foreignInReleases', false],
    });
  });

  test('files that can be written to become read-only, and files of another owner are given back', async () => {
    const base = await engine();
    const release = join(base, 'releases', releases[2]);
    chmodSync(join(release, 'src/same.py'), 0o664);
    chownSync(base, 1234, 1234);
    const result = await repairAt(base);
    expect(result.status).toBe('repaired');
    const kinds = new Set(result.findings.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['owner', 'writable']);
    expect(statSync(join(release, 'src/same.py'))).toMatchObject({ uid: 1234, gid: 1234 });
    expect(statSync(join(release, 'src/same.py')).mode & 0o222).toBe(0);
    expect(await repairAt(base)).toMatchObject({ status: 'sound' });
    expect((await deployTo(base, sources[2])).status).toBe('unchanged');
  });

  test('P7: nothing is changed through links that somebody put in the way', async () => {
    const base = await engine();
    const outside = await make('outside');
    writeFileSync(join(outside, 'same.py'), 'SAME = True\n');
    chmodSync(join(outside, 'same.py'), 0o666);
    const release = join(base, 'releases', releases[0]);
    chmodSync(release, 0o755);
    renameSync(join(release, 'src'), join(await make('moved'), 'src'));
    symlinkSync(outside, join(release, 'src'));
    const before = statusOf(outside);
    const result = await repairAt(base);
    expect(statusOf(outside)).toEqual(before);
    expect(result.status).toBe('attention');
  });
});

test('what other tools left is reported and stays', async () => {
  const base = await engine();
  const others = ['.git/index.lock', 'deploy.lock', '.extractor.py.Xa3bQ9'];
  mkdirSync(join(base, '.git'));
  for (const path of [...others, '.env.sample']) writeFileSync(join(base, path), '');
  const result = await repairAt(base);
  expect(Object.keys(foundIn(result)).sort()).toEqual([...others].sort());
  expect(result.findings.map(({ explanation }) => explanation.split(' ')[0]).sort()).toEqual([
    'Capistrano',
    'Git',
    'rsync',
  ]);
  for (const path of others) expect(existsSync(join(base, path))).toBe(true);
  expect((await deployTo(base, sources[0])).status).toBe('deployed');
});

test('a dry run while somebody is at work says who', async () => {
  const base = await engine();
  await inConversation(async (client) => {
    const holder = { workflow: 'Nightly', execution: '42' };
    await client.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
    for (const dryRun of [true, false]) {
      const error = await thrownBy(repairAt(base, { dryRun }));
      expect(error.code).toBe('LOCKED');
      expect(error.message).toContain('Nightly (execution 42)');
    }
  });
});

test('P5: an interrupted switch is decided on by its checks', async () => {
  for (const [command, expected] of [
    ['true', 'confirmed'],
    ['false', 'reverted'],
  ]) {
    const base = await engine();
    const kill = checkOf({
      type: 'python',
      when: 'after',
      code: 'import os, signal; os.kill(os.getppid(), signal.SIGKILL)',
    });
    await thrownBy(deployTo(base, sources[0], { checks: [kill] }));
    expect(foundIn(await repairAt(base, { dryRun: true })).current).toEqual(['unconfirmedSwitch', false]);
    const result = await repairAt(base, { checks: [checkOf({ when: 'after', command })] });
    expect(result.status).toBe('repaired');
    expect(result.findings[0].action).toMatch(new RegExp(`^The switch to \\S+ was ${expected}\\.$`));
    expect(liveTree(base)).toEqual(treeOf(sources[expected === 'confirmed' ? 0 : 2]));
  }
});
