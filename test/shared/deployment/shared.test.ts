/** What belongs to the host inside of deployed directories is the same for every release. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { deployTo, PYTHON, rollBackTo } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { placeEngines, SYSTEM_PYTHON } from '../../support/placeRuns';
import { createSystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const { make, started } = placeEngines();

const PROGRAM = [
  'import json, os, sys',
  'from lib import told',
  'if "wait" in sys.argv:',
  '    print("ready", flush=True)',
  '    sys.stdin.read()',
  'print(json.dumps({"own": told.SAYS, "state": told.state(), "data": sorted(os.listdir("src/data"))}))',
].join('\n');

/** A version of an engine that keeps state beside its code. */
async function version(says: string, more: Record<string, string> = {}): Promise<string> {
  const source = await make('source');
  await writeTree(source, {
    'run.py': `import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))\n${PROGRAM}\n`,
    'src/lib/__init__.py': '',
    'src/lib/told.py': [
      'import json, pathlib',
      `SAYS = ${JSON.stringify(says)}`,
      'PLACE = pathlib.Path(__file__).resolve().parent.parent.parent',
      'def state():',
      '    return json.loads((PLACE / "config" / "state.json").read_text())',
      '',
    ].join('\n'),
    'config/settings.json': JSON.stringify({ says }),
    ...more,
  });
  return source;
}

/** A plain engine with state of its own. */
async function plain(says: string): Promise<string> {
  const base = await version(says);
  await writeTree(base, {
    'config/state.json': '{"count": 1}',
    'config/secrets.json': '{"key": "k"}',
    'src/rows.db': 'rows',
    'src/data/a.pdf': 'a',
    'src/data/deep/b.pdf': 'b',
  });
  return base;
}

const runs = (base: string) =>
  JSON.parse(execFileSync(PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' })) as unknown;
const text = (...path: string[]) => readFileSync(join(...path), 'utf8');

const HOSTS = ['config/state.json', 'config/secrets.json', 'src/rows.db', 'src/data'];

test('P3: what only the host has stays where it is at a first deployment, inode for inode, and is told', async () => {
  const base = await plain('0');
  const before = HOSTS.map((path) => statSync(join(base, path)).ino);
  const deployed = await deployTo(base, await version('1'), { pinning: 'auto' });
  expect(deployed.findings).toMatchObject([{ kind: 'filesOnlyThere', severity: 'kept' }, {}]);
  expect(HOSTS.map((path) => statSync(join(base, path)).ino)).toEqual(before);
  expect(lstatSync(join(base, 'config')).isDirectory()).toBe(true);
  expect(readlinkSync(join(base, 'config/settings.json'))).toBe('../current/config/settings.json');
  expect(readlinkSync(join(base, 'src/lib'))).toBe('../current/src/lib');
  expect(runs(base)).toEqual({ own: '1', state: { count: 1 }, data: ['a.pdf', 'deep'] });
  expect(deployed.changes.counts).toMatchObject({ removed: 0 });
});

test('it survives deployments, a rollback, and the return to a plain directory', async () => {
  const base = await plain('0');
  const one = await version('1');
  await deployTo(base, one);
  await writeTree(base, { 'config/state.json': '{"count": 2}', 'src/data/c.pdf': 'c' });
  await deployTo(base, await version('2', { 'src/new.py': '' }));
  expect(runs(base)).toEqual({ own: '2', state: { count: 2 }, data: ['a.pdf', 'c.pdf', 'deep'] });
  await rollBackTo(base, { target: 'previous' });
  expect(existsSync(join(base, 'src/new.py'))).toBe(false);
  expect(runs(base)).toEqual({ own: '1', state: { count: 2 }, data: ['a.pdf', 'c.pdf', 'deep'] });
  expect(await deployTo(base, one)).toMatchObject({ status: 'unchanged' });
  await detachAt(base);
  expect(lstatSync(join(base, 'config/settings.json')).isFile()).toBe(true);
  expect(runs(base)).toEqual({ own: '1', state: { count: 2 }, data: ['a.pdf', 'c.pdf', 'deep'] });
  expect(text(base, 'config/secrets.json')).toBe('{"key": "k"}');
});

const SHARING = (...shared: string[]) => ({
  selection: { include: ['src/**', 'config/**', 'run.py'], exclude: [], shared },
});

describe('named in Shared after releases were made', () => {
  /** As the first release of this package left it: what no pattern owns lies in the live release. */
  async function kept(): Promise<string> {
    const base = await version('0');
    const exclude = ['config/state.json', 'src/rows.db', 'src/data'];
    await deployTo(base, await version('1', { 'config/state.json': '{"count": 1}', 'src/data/a.pdf': 'a', 'src/rows.db': 'r' })); // prettier-ignore
    const without = { selection: { ...SHARING().selection, exclude } };
    await deployTo(base, await version('2'), without);
    expect(existsSync(join(base, 'current/src/rows.db'))).toBe(true);
    return base;
  }

  test('what the live release took along comes out of it, as it is', async () => {
    const base = await kept();
    const inode = statSync(join(base, 'src/rows.db')).ino;
    const named = SHARING('config/state.json', 'src/*.db', 'src/data/**');
    const three = await version('3');
    const { changes } = await deployTo(base, three, named);
    expect(changes.counts).toMatchObject({ modified: 2, removed: 0 });
    expect(statSync(join(base, 'src/rows.db')).ino).toBe(inode);
    expect(lstatSync(join(base, 'src/data')).isDirectory()).toBe(true);
    expect(runs(base)).toEqual({ own: '3', state: { count: 1 }, data: ['a.pdf'] });
    expect(await deployTo(base, three, named)).toMatchObject({ status: 'unchanged' });
    await writeTree(base, { 'config/state.json': '{"count": 2}' });
    await rollBackTo(base, { target: 'previous' });
    expect(runs(base)).toEqual({ own: '2', state: { count: 2 }, data: ['a.pdf'] });
  });

  test('what a release had deployed is copied, may be written to, and is in the earlier release still', async () => {
    const base = await make('app');
    const first = await version('1', { 'config/state.json': '{"count": 1}', 'src/data/a.pdf': 'a' });
    const { release } = await deployTo(base, first);
    await deployTo(base, await version('2', { 'config/state.json': '{"count": 9}' }), SHARING('config/state.json', 'src/data/')); // prettier-ignore
    expect(runs(base)).toEqual({ own: '2', state: { count: 1 }, data: ['a.pdf'] });
    expect(statSync(join(base, 'config/state.json')).mode & 0o200).toBe(0o200);
    expect(text(base, 'releases', String(release), 'config/state.json')).toBe('{"count": 1}');
    await rollBackTo(base, { target: 'previous' });
    expect(runs(base)).toEqual({ own: '1', state: { count: 1 }, data: ['a.pdf'] });
  });

  test('a run that is pinned in place and goes on has it refused, and named', async () => {
    const base = await kept();
    const goOn = await started([PYTHON, 'run.py', 'wait'], base);
    const refusal = await thrownBy(deployTo(base, await version('3'), SHARING('config/state.json')));
    expect(refusal).toMatchObject({ code: 'LOCKED', details: { processes: [expect.any(Number)] } });
    expect(text(base, 'config/state.json')).toBe('{"count": 1}');
    expect(JSON.parse(await goOn())).toMatchObject({ own: '2' });
    await deployTo(base, await version('3'), SHARING('config/state.json'));
    expect(lstatSync(join(base, 'config/state.json')).isFile()).toBe(true);
  });
});

test('P3: a version that has what the host has, too, is refused, until that is named in Shared or has gone', async () => {
  const base = await plain('0');
  await deployTo(base, await version('1'));
  const two = await version('2', { 'config/secrets.json': '{"key": "of the source"}' });
  const refusal = await thrownBy(deployTo(base, two));
  expect(refusal.message).toContain('config/secrets.json');
  expect(refusal.details).toMatchObject({ findings: [{ kind: 'sharedInSource', severity: 'refused' }] });
  await deployTo(base, two, SHARING('config/secrets.json'));
  expect(text(base, 'config/secrets.json')).toBe('{"key": "k"}');
  await rm(join(base, 'config/secrets.json'));
  await deployTo(base, two);
  expect(text(base, 'config/secrets.json')).toBe('{"key": "of the source"}');
});

test('what the engine puts in the place of a deployed file, in a directory that stays, is told and not overruled', async () => {
  const base = await plain('0');
  await deployTo(base, await version('1'));
  await writeTree(base, { 'config/other.json': '{}' });
  await rename(join(base, 'config/other.json'), join(base, 'config/settings.json'));
  const refusal = await thrownBy(deployTo(base, await version('2')));
  expect(refusal.details).toMatchObject({
    findings: [{ kind: 'sharedInSource', paths: ['config/settings.json'] }],
  });
  await deployTo(base, await version('2'), SHARING('config/settings.json'));
  expect(text(base, 'config/settings.json')).toBe('{}');
});

test.each(['place', 'code'] as const)(
  'pinned %s: an engine of another user makes a file in an included directory, and replaces it',
  async (pinning) => {
    const user = createSystemUser();
    try {
      const base = await make('app');
      chmodSync(join(base, '..'), 0o755);
      const writes =
        'import os\nopen("data/new", "w").write("2")\nos.replace("data/new", "data/videos.json")\n';
      const source = await make('source');
      await writeTree(source, { 'run.py': writes, 'data/words.txt': 'words' });
      await writeTree(base, { 'run.py': writes, 'data/words.txt': 'words', 'data/videos.json': '1' });
      execFileSync('chown', ['-R', user.username, base]);
      execFileSync('chmod', ['-R', 'a+rX', base]);
      const selection = { include: ['data/**', 'run.py'], exclude: [] };
      await deployTo(base, source, { pinning, selection });
      await writeTree(source, { 'data/words.txt': 'other words' });
      await deployTo(base, source, { pinning, selection });
      const as = ['--reuid', user.username, '--regid', user.username, '--clear-groups'];
      execFileSync('setpriv', [...as, SYSTEM_PYTHON, 'run.py'], { cwd: base });
      expect(text(base, 'data/videos.json')).toBe('2');
      expect(text(base, 'data/words.txt')).toBe('other words');
    } finally {
      user.remove();
    }
  },
);

test('a directory that is named and not there yet is made, and what it will hold is every release’s', async () => {
  const base = await make('app');
  await deployTo(base, await version('1', { 'config/state.json': '{"count": 1}' }), SHARING('src/data/'));
  expect(runs(base)).toEqual({ own: '1', state: { count: 1 }, data: [] });
});

test('a backup holds what is shared only where that was asked for, and going back to it keeps what the host has', async () => {
  const base = await plain('0');
  await deployTo(base, await version('1'));
  const held = (name: string | null | undefined) =>
    execFileSync('tar', ['-tzf', join(base, 'backups', String(name))], { encoding: 'utf8' }).split('\n');
  const without = (await deployTo(base, await version('2'))).backup;
  const with_ = (await deployTo(base, await version('3'), { backupShared: true })).backup;
  for (const path of ['config/secrets.json', 'src/data/deep/b.pdf']) {
    expect([held(without).includes(path), held(with_).includes(path)]).toEqual([false, true]);
  }
  await writeTree(base, { 'config/state.json': '{"count": 5}' });
  const restored = await rollBackTo(base, { target: 'backup', backup: String(with_) });
  expect(runs(base)).toEqual({ own: '2', state: { count: 5 }, data: ['a.pdf', 'deep'] });
  expect(restored.changes.counts).toMatchObject({ added: 0, removed: 0 });
  expect(await deployTo(base, await version('2'))).toMatchObject({ status: 'unchanged' });
});

test('P4: pinned in the release, a shared file that a run has replaced there is told and refused', async () => {
  const base = await plain('0');
  const replaces = { 'src/lib/told.py': 'import os\nPLACE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))\nSAYS = "1"\ndef state():\n    path = os.path.join(PLACE, "config/state.json")\n    open(path + ".new", "w").write("{}")\n    os.replace(path + ".new", path)\n    return None\n' }; // prettier-ignore
  const options = { pinning: 'release' } as const;
  const { findings } = await deployTo(base, await version('1', replaces), options);
  expect(findings?.map(({ kind }) => kind)).toContain('sharedInRelease');
  await deployTo(base, await version('1', { ...replaces, 'src/more.py': '' }), options);
  runs(base);
  const refusal = await thrownBy(deployTo(base, await version('2'), options));
  expect(refusal.details).toMatchObject({
    findings: [{ kind: 'sharedTorn', paths: ['config/state.json'] }, {}],
  });
});

test('a plain directory that is adopted later leaves what is shared elsewhere as it is', async () => {
  const base = await plain('0');
  await deployTo(base, await version('1'));
  await writeTree(base, { 'prompts/a.txt': 'plain', 'prompts/own.json': '{}' });
  const selection = { include: ['src/**', 'config/**', 'prompts/**', 'run.py'], exclude: [] };
  const { release, swap } = await deployTo(base, await version('2', { 'prompts/a.txt': 'a' }), { selection });
  expect(swap.adopted).toBe(true);
  const record = JSON.parse(text(base, `.hot-deploy/releases/${release}.json`)) as { folders: string[] };
  expect(record.folders).toEqual(['config', 'prompts', 'src']);
  expect(text(base, 'current/config/state.json')).toBe('{"count": 1}');
  await rollBackTo(base, { target: 'previous' });
  expect(text(base, 'prompts/a.txt')).toBe('plain');
  expect(text(base, 'current/config/state.json')).toBe('{"count": 1}');
  expect(runs(base)).toMatchObject({ own: '1', state: { count: 1 } });
});

test('P1: modules beside what is shared are each release’s own, though Python caches them in one place', async () => {
  const base = await make('app');
  const flat = async (says: string) => {
    const source = await make('flat');
    await writeTree(source, {
      'run.py': 'import sys\nsys.path.insert(0, "src")\nimport flat\nprint(flat.SAYS)\n',
      'src/flat.py': `SAYS = ${JSON.stringify(says)}\n`,
    });
    await utimes(join(source, 'src/flat.py'), 1_700_000_000, 1_700_000_000);
    return source;
  };
  const says = () => execFileSync(SYSTEM_PYTHON, ['run.py'], { cwd: base, encoding: 'utf8', env: {} }).trim();
  const shared = SHARING('src/rows.db');
  const told: string[] = [];
  for (const each of ['1', '2', '1', '3']) {
    await deployTo(base, await flat(each), shared);
    told.push(says());
  }
  await rollBackTo(base, { target: 'previous' });
  expect([...told, says()]).toEqual(['1', '2', '1', '3', '1']);
  expect(existsSync(join(base, 'src/__pycache__'))).toBe(true);
});

test('a run that inserts a row before a switch and one after it, into a database that Exclude names, loses none', async () => {
  const base = await make('app');
  const program = `import sqlite3, sys
rows = sqlite3.connect("src/rows.db")
rows.execute("INSERT INTO rows VALUES ('before')")
rows.commit()
print("ready", flush=True)
sys.stdin.readline()
sqlite3.connect("src/rows.db").execute("SELECT 1")
rows.execute("INSERT INTO rows VALUES ('after')")
rows.commit()
`;
  const create = 'import sqlite3; sqlite3.connect("src/rows.db").execute("CREATE TABLE rows (text)")';
  await writeTree(base, { 'run.py': program, 'src/a.py': '' });
  execFileSync(PYTHON, ['-c', create], { cwd: base });
  const options = { selection: { include: ['src/**', 'run.py'], exclude: ['src/rows.db'] } };
  const source = async (text: string) => {
    const directory = await make('source');
    await writeTree(directory, { 'run.py': program, 'src/a.py': text });
    return directory;
  };
  await deployTo(base, await source('# 1'), options);
  const goOn = await started([PYTHON, 'run.py'], base);
  await deployTo(base, await source('# 2'), options);
  await goOn();
  const select = 'import sqlite3; print([text for text, in sqlite3.connect("src/rows.db").execute("SELECT text FROM rows")])'; // prettier-ignore
  expect(execFileSync(PYTHON, ['-c', select], { cwd: base, encoding: 'utf8' }).trim()).toBe(
    "['before', 'after']",
  );
});
