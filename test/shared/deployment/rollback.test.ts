import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { listReleases } from '../../../nodes/shared/operations/list';
import {
  checkOf,
  deployTo,
  engineVersions,
  inConversation,
  type Outcome,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { keptNames, liveTree, seenThrough, treeOf } from '../../support/snapshot';
import { startSshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { file, type RawMember, tarball } from '../../support/tarball';
import { thrownBy } from '../../support/thrown';
import { asBasePath } from '../../support/named';

const make = temporaryDirectories();
let v1: string, v2: string, v4: string;

beforeAll(async () => {
  [v1, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
});

/** A base path with three releases, the last of them live. */
async function deployed(): Promise<{ base: string; outcomes: Outcome[] }> {
  const base = await make();
  const outcomes = [];
  for (const source of [v1, v2, v4]) outcomes.push(await deployTo(base, source));
  return { base, outcomes };
}

test('rolling back twice returns to what was live', async () => {
  const { base, outcomes } = await deployed();
  const back = await rollBackTo(base, { target: 'previous' });
  expect(back).toMatchObject({
    status: 'rolledBack',
    release: outcomes[1].release,
    previousRelease: outcomes[2].release,
    swap: { method: 'rename', atomic: true, gapMs: 0 },
  });
  expect(liveTree(base)).toEqual(treeOf(v2));
  const forth = await rollBackTo(base, { target: 'previous' });
  expect(forth.release).toBe(outcomes[2].release);
  expect(liveTree(base)).toEqual(treeOf(v4));
});

test('a rollback tells what it changes', async () => {
  const { base } = await deployed();
  const { changes } = await rollBackTo(base, { target: 'previous' });
  expect(changes.removed).toEqual(['src/summary.py']);
  expect(changes.modified).toContain('src/matcher.py');
  expect(changes.counts.added).toBe(0);
});

test('a chosen release goes live over SSH', async () => {
  const { base, outcomes } = await deployed();
  const sshd = await startSshd();
  const connection = await connectSsh(withKey(sshd));
  try {
    const target = { target: 'release', release: outcomes[0].release } as const;
    const result = await rollBackTo(base, target, {}, { connection });
    expect(result).toMatchObject({ status: 'rolledBack', host: '127.0.0.1' });
    expect(liveTree(base)).toEqual(treeOf(v1));
  } finally {
    await connection.close();
    await sshd.stop();
  }
});

test('P9: the release that is live already is unchanged', async () => {
  const { base, outcomes } = await deployed();
  const target = { target: 'release', release: outcomes[2].release } as const;
  expect((await rollBackTo(base, target)).status).toBe('unchanged');
});

test.each([
  ['20200101-000000-0000000', 'NOT_FOUND', 'not kept'],
  ['../../etc', 'INPUT', 'not a release id'],
  ['', 'INPUT', 'not a release id'],
])('a release %j that is not there is refused', async (release, code, reason) => {
  const { base } = await deployed();
  const error = await thrownBy(rollBackTo(base, { target: 'release', release }));
  expect(error).toMatchObject({ code, message: expect.stringContaining(reason) });
  expect(liveTree(base)).toEqual(treeOf(v4));
});

test('there is nothing to go back to after the first deployment, or without one', async () => {
  const [base, empty] = [await make(), await make()];
  await deployTo(base, v1);
  for (const path of [base, empty]) {
    const error = await thrownBy(rollBackTo(path, { target: 'previous' }));
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('no release before') });
  }
});

const DAMAGES: Array<[string, (release: string) => Promise<void>]> = [
  ['removed', (release) => rm(join(release, 'requirements.txt'))],
  ['edited', (release) => appendFile(join(release, 'requirements.txt'), 'more\n')],
  ['made executable', (release) => chmod(join(release, 'requirements.txt'), 0o555)],
];

test.each(DAMAGES)('P2: a release with a file %s by hand does not go live', async (_, damage) => {
  const { base, outcomes } = await deployed();
  await damage(join(base, 'releases', outcomes[1].release));
  const error = await thrownBy(rollBackTo(base, { target: 'previous' }));
  expect(error.code).toBe('STEP');
  expect(error.message).toMatch(/is not what it was: requirements.txt was (removed|changed) by hand/);
  expect(liveTree(base)).toEqual(treeOf(v4));
});

test('P2: a release that its own check edits does not go live', async () => {
  const { base } = await deployed();
  const command = "python -c \"import os; os.chmod('run.py', 0o644); open('run.py', 'a').write('# edited')\"";
  const error = await thrownBy(rollBackTo(base, { target: 'previous' }, { checks: [checkOf({ command })] }));
  expect(error.message).toContain('is not what it was: run.py was changed by hand');
  expect(liveTree(base)).toEqual(treeOf(v4));
});

test('a release whose directory was removed by hand is not offered and not gone back to', async () => {
  const { base, outcomes } = await deployed();
  const { release } = outcomes[1];
  rmSync(join(base, 'releases', release), { recursive: true });
  const { releases } = await inConversation((client) => listReleases(client, asBasePath(base)));
  expect(releases.map((kept) => kept.release)).toEqual([outcomes[2].release, outcomes[0].release]);
  expect((await thrownBy(rollBackTo(base, { target: 'previous' }))).code).toBe('NOT_FOUND');
  expect((await thrownBy(rollBackTo(base, { target: 'release', release }))).code).toBe('NOT_FOUND');
});

describe('backups', () => {
  test('one made by a deployment brings back what was live before it', async () => {
    const { base, outcomes } = await deployed();
    const backup = outcomes[1].backup ?? '';
    const result = await rollBackTo(base, { target: 'backup', backup });
    expect(result).toMatchObject({ status: 'rolledBack', source: { type: 'backup', reference: backup } });
    expect(liveTree(base)).toEqual(treeOf(v1));
    expect(await deployTo(base, v1)).toMatchObject({ status: 'unchanged' });
  });

  test('one made by hand with tar brings back its content', async () => {
    const { base } = await deployed();
    execFileSync('tar', ['-czf', join(base, 'backups/before.tar.gz'), '-C', v1, 'src', 'config', 'run.py']);
    const result = await rollBackTo(base, { target: 'backup', backup: 'before.tar.gz' });
    const { 'requirements.txt': _notPacked, ...packed } = treeOf(v1);
    expect(liveTree(base)).toEqual(packed);
    expect(Object.keys(seenThrough(base))).not.toContain('requirements.txt');
    expect(result.changes.removed).toContain('requirements.txt');
  });

  test('files that no pattern owns come back as they were and stay nobody’s', async () => {
    const base = await make();
    const selection = { include: ['src/**', 'config/**', 'run.py'], exclude: ['config/local.json'] };
    await deployTo(base, v1, { selection });
    const local = join(base, 'config/local.json');
    writeFileSync(local, '{"mine": 1}', { mode: 0o640 });
    await deployTo(base, v2, { selection });
    const { backup } = await deployTo(base, v4, { selection });
    await rollBackTo(base, { target: 'backup', backup: backup ?? '' });
    expect(execFileSync('stat', ['-c', '%A', local], { encoding: 'utf8' }).trim()).toBe('-rw-r-----');
    await deployTo(base, v4, { selection });
    expect(execFileSync('cat', [local], { encoding: 'utf8' })).toBe('{"mine": 1}');
    expect(await deployTo(base, v4, { selection })).toMatchObject({ status: 'unchanged' });
  });

  test.each([
    ['nothing.tar.gz', 'NOT_FOUND'],
    ['../current', 'INPUT'],
    ['', 'INPUT'],
  ])('%j, which is not there, is refused', async (backup, code) => {
    const { base } = await deployed();
    expect((await thrownBy(rollBackTo(base, { target: 'backup', backup }))).code).toBe(code);
  });

  const run = file('run.py', 'print(1)\n');
  const HOSTILE: Array<[string, RawMember[] | Buffer, RegExp]> = [
    ['a path out of the archive', [run, file('../evil.py')], /leaves its directory/],
    ['an absolute path', [run, file('/tmp/hot-deploy-evil.py')], /absolute/],
    ['a link out of the archive', [run, { path: 'src', type: '2', linkpath: '../../..' }], /outside/],
    ['an absolute link', [run, { path: 'src', type: '2', linkpath: '/etc' }], /not inside/],
    [
      'a file below a link',
      [run, { path: 'src', type: '2', linkpath: 'config' }, file('src/a.py')],
      /not a directory/,
    ],
    ['a device', [run, { path: 'src/null', type: '3' }], /neither a file/],
    ['a hard link', [run, { path: 'src/a.py', type: '1', linkpath: 'run.py' }], /neither a file/],
    ['a path twice', [run, file('run.py')], /twice/],
    ['a name of the layout', [run, file('current')], /this layout uses itself/],
    ['a name of the layout below', [run, file('.hot-deploy/history.jsonl')], /this layout uses itself/],
    ['no entrypoint', [file('src/a.py')], /has no run.py, so/],
    ['a name in the base path that is not deployed', [run, file('data/x')], /“data”, which lies in the base/],
    ['nothing', [], /is empty/],
    ['something else', Buffer.from('not an archive'), /can't be read/],
    [
      'half an archive',
      tarball([run, file('src/a.py', 'x'.repeat(5000))]).subarray(0, 3000),
      /can't be read/,
    ],
  ];

  test.each(HOSTILE)('P7: an archive with %s is refused as a whole', async (_, members, reason) => {
    const base = await make();
    await deployTo(base, v1);
    mkdirSync(join(base, 'data'));
    writeFileSync(join(base, 'data/x'), 'untouched');
    const bytes = Buffer.isBuffer(members) ? members : tarball(members);
    writeFileSync(join(base, 'backups/hostile.tar'), bytes);
    const before = [readdirSync(base), keptNames(base), liveTree(base)];
    const error = await thrownBy(rollBackTo(base, { target: 'backup', backup: 'hostile.tar' }));
    expect(error.code).toBe('INPUT');
    expect(error.message).toMatch(reason);
    expect([readdirSync(base), keptNames(base), liveTree(base)]).toEqual(before);
  });
});
