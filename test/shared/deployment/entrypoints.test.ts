/** Start scripts that come, go and change their place, with runs before, across and after. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { planDeployment } from '../../../nodes/shared/operations/plan';
import { foundIn, repairAt } from '../../support/repairing';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  inConversation,
  type Outcome,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { asEntrypoint } from '../../support/named';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
const INCLUDE = ['src/**', '*.py', '*.sh', 'requirements.txt'];

/** A start script that tells its version, that of the module it imports late, and how it was started. */
const script = (version: string, first = ''): string => `${first}import os, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src'))
time.sleep(float(os.environ.get('PAUSE', '0')))
import module
print('${version}', module.VERSION, *sys.argv[1:])
`;
const shellScript = (version: string): string => `sleep 0.05
echo ${version} "$(sed -n "s/.*'\\(.*\\)'/\\1/p" "$(dirname "$0")/src/module.py")"
`;
const MODULE = (version: string) => ({ 'src/module.py': `VERSION = '${version}'\n` });

/** A directory with these start scripts, all of one version. */
async function version(label: string, ...scripts: string[]): Promise<string> {
  const directory = await make(label);
  const shell = (name: string) => (name.endsWith('.sh') ? shellScript(label) : script(label));
  const files = Object.fromEntries(scripts.map((name) => [name, shell(name)]));
  await writeTree(directory, { ...files, ...MODULE(label) });
  return directory;
}

const deploy = (
  base: string,
  source: string,
  entrypoint: string,
  changes: Parameters<typeof deployTo>[2] = {},
): Promise<Outcome> =>
  deployTo(base, source, {
    entrypoint: asEntrypoint(entrypoint),
    selection: { include: INCLUDE, exclude: [] },
    ...changes,
  });

/** What a start script says, or the status that it ends with. */
function run(base: string, name: string, ...words: string[]): string | number | null {
  const { status, stdout } = spawnSync(PYTHON, [name, ...words], { cwd: base, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : status;
}

/** As run(), without waiting for it here, of a script that takes its time before it imports the rest. */
async function started(base: string, name: string): Promise<string> {
  const child = spawn(name.endsWith('.sh') ? 'bash' : PYTHON, [name], {
    cwd: base,
    env: { ...process.env, PAUSE: '0.05' },
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (told += piece.toString()));
  await once(child, 'close');
  return told.trim();
}

/** What stands at a name of the base path. */
function kindOf(base: string, name: string): string {
  const path = join(base, name);
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status) return 'nothing';
  if (status.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  return readFileSync(path, 'utf8').includes('# hot-deploy launcher') ? 'launcher' : 'file';
}

describe('P1: another start script becomes the entrypoint', () => {
  test('the old one becomes a link like any other name, both start throughout, and back again', async () => {
    const [base, one, two] = [
      await make('app'),
      await version('1', 'run.py', 'report.py'),
      await version('2', 'run.py', 'report.py'),
    ];
    await deploy(base, one, 'run.py');
    expect([kindOf(base, 'run.py'), kindOf(base, 'report.py')]).toEqual([
      'launcher',
      'link current/report.py',
    ]);
    await deploy(base, two, 'report.py');
    expect([kindOf(base, 'run.py'), kindOf(base, 'report.py')]).toEqual(['link current/run.py', 'launcher']);
    expect([run(base, 'run.py', 'x'), run(base, 'report.py', 'x')]).toEqual(['2 2 x', '2 2 x']);
    await rollBackTo(base, { target: 'previous' });
    expect([kindOf(base, 'run.py'), kindOf(base, 'report.py')]).toEqual([
      'launcher',
      'link current/report.py',
    ]);
    expect([run(base, 'run.py'), run(base, 'report.py')]).toEqual(['1 1', '1 1']);
  });

  test('what is refused or taken back leaves link and launcher as they were', async () => {
    const [base, one, two] = [
      await make('app'),
      await version('1', 'run.py', 'report.py'),
      await version('2', 'run.py', 'report.py'),
    ];
    await deploy(base, one, 'run.py');
    for (const when of ['before', 'after'] as const) {
      const checks = [checkOf({ command: 'false', when })];
      await thrownBy(deploy(base, two, 'report.py', { checks }));
      expect([kindOf(base, 'run.py'), kindOf(base, 'report.py')]).toEqual([
        'launcher',
        'link current/report.py',
      ]);
      expect([run(base, 'run.py'), run(base, 'report.py')]).toEqual(['1 1', '1 1']);
    }
  });

  test('one that was renamed or removed goes, and comes back with its release', async () => {
    const [base, one, two] = [await make('app'), await version('1', 'run.py'), await version('2', 'main.py')];
    await deploy(base, one, 'run.py');
    await deploy(base, two, 'main.py');
    expect([kindOf(base, 'run.py'), kindOf(base, 'main.py')]).toEqual(['nothing', 'launcher']);
    expect(run(base, 'main.py')).toBe('2 2');
    await rollBackTo(base, { target: 'previous' });
    expect([kindOf(base, 'run.py'), kindOf(base, 'main.py')]).toEqual(['launcher', 'nothing']);
    expect(run(base, 'run.py')).toBe('1 1');
  });

  test('one that the patterns no longer name does not go on running beside new modules', async () => {
    const [base, one, two] = [await make('app'), await version('1', 'run.py'), await version('2', 'main.py')];
    await deploy(base, one, 'run.py', { selection: { include: ['src/**', 'run.py'], exclude: [] } });
    await deploy(base, two, 'main.py', { selection: { include: ['src/**', 'main.py'], exclude: [] } });
    expect(kindOf(base, 'run.py')).toBe('nothing');
    expect(existsSync(join(base, 'current', 'run.py'))).toBe(false);
  });
});

describe('P1: several entrypoints', () => {
  test('naming another one with the same files is a deployment', async () => {
    const [base, one] = [await make('app'), await version('1', 'run.py', 'report.py')];
    await deploy(base, one, 'run.py');
    expect((await deploy(base, one, 'run.py,report.py')).status).toBe('deployed');
    expect([kindOf(base, 'run.py'), kindOf(base, 'report.py')]).toEqual(['launcher', 'launcher']);
    expect((await deploy(base, one, 'run.py,report.py')).status).toBe('unchanged');
  });

  test('each has a launcher, from adoption to the return to a plain directory', async () => {
    const [base, two] = [
      await version('1', 'run.py', 'report.py', 'other.py'),
      await version('2', 'run.py', 'report.py', 'other.py'),
    ];
    chmodSync(join(base, 'report.py'), 0o750);
    await deploy(base, two, 'run.py,report.py');
    const kinds = () => ['run.py', 'report.py', 'other.py'].map((name) => kindOf(base, name));
    expect(kinds()).toEqual(['launcher', 'launcher', 'link current/other.py']);
    expect(lstatSync(join(base, 'report.py')).mode & 0o777).toBe(0o750);
    expect(['run.py', 'report.py', 'other.py'].map((name) => run(base, name, 'y'))).toEqual([
      '2 2 y',
      '2 2 y',
      '2 2 y',
    ]);
    expect(foundIn(await repairAt(base, { dryRun: true }))).toEqual({});
    await detachAt(base, { removeHistory: true });
    expect(kinds()).toEqual(['file', 'file', 'file']);
    expect(['run.py', 'report.py', 'other.py'].map((name) => run(base, name))).toEqual(['2 2', '2 2', '2 2']);
  });

  test('a source that lacks one of them is refused', async () => {
    const [base, two] = [await version('1', 'run.py', 'report.py'), await version('2', 'run.py')];
    const refusal = await thrownBy(deploy(base, two, 'run.py,report.py'));
    expect(refusal.message).toContain('has no report.py that the patterns include');
    await rm(join(base, 'report.py'));
    expect((await deploy(base, two, 'run.py')).status).toBe('deployed');
  });
});

test('P10: a plan lists what is pinned, and which scripts at the top are not', async () => {
  const [base, two] = [
    await version('1', 'run.py', 'old.py'),
    await version('2', 'run.py', 'run.sh', 'report.py'),
  ];
  const options = deployOptions(base, {
    entrypoint: asEntrypoint('run.py,run.sh'),
    selection: { include: ['src/**', 'run.*', 'report.py'], exclude: [] },
  });
  const { starts } = await inConversation(async (client) =>
    planDeployment(client, await bundleOf(two, options), options),
  );
  expect(starts).toEqual({
    pinned: ['python3 run.py', 'sh run.sh'],
    unpinned: ['old.py', 'report.py'],
    prefix: `python3 ${base}/.hot-deploy/launch.py`,
  });
});

describe('P2: nothing fails while start scripts change', () => {
  const SCRIPTS = ['always.py', 'run.py', 'report.py'];
  const CHANGES: Record<string, readonly [asked: string[], ...entrypoints: string[]]> = {
    'another one of those that are there': [SCRIPTS, 'always.py,run.py', 'always.py,report.py'],
    'one more, one less': [SCRIPTS, 'always.py,run.py', 'always.py,run.py,report.py'],
    'from one to all': [SCRIPTS, 'always.py', 'report.py,run.py,always.py'],
    'a shell script that comes and goes': [['always.py', 'run.sh'], 'always.py,run.sh', 'always.py'],
    'one that is renamed': [['always.py'], 'always.py,run.py', 'always.py,main.py'],
    'one that is removed': [['always.py'], 'always.py,run.py', 'always.py'],
  };
  const RUNS = 40;

  test.each(Object.entries(CHANGES))('%s', async (_change, [asked, ...entrypoints]) => {
    const scripts = (entrypoint: string) => [...new Set([...asked, ...entrypoint.split(',')])];
    const sources = await Promise.all(
      entrypoints.map(async (entrypoint, index) => version(String(index), ...scripts(entrypoint))),
    );
    const base = await make('app');
    await deploy(base, sources[0], entrypoints[0]);
    const ends: Array<Promise<{ name: string; ended: string }>> = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < RUNS; index = next++) {
        const name = asked[index % asked.length];
        ends.push(started(base, name).then((ended) => ({ name, ended })));
        await ends.at(-1);
      }
    };
    const crowd = Promise.all([work(), work(), work()]);
    let ended = false;
    void crowd.then(() => (ended = true));
    for (let turn = 1; !ended; turn += 1) {
      const index = turn % sources.length;
      await deploy(base, sources[index], entrypoints[index], { createBackup: false, keepReleases: 3 });
    }
    await crowd;
    const all = await Promise.all(ends);
    expect(all.filter(({ ended }) => !/^\d \d$/.test(ended))).toEqual([]);
    expect(all.filter(({ name, ended }) => name === 'always.py' && ended[0] !== ended[2])).toEqual([]);
    expect(all.length).toBe(RUNS);
  });
});

describe('P1: what the original says of its own start is kept', () => {
  test('the interpreter that its first line names, its mode and its owner', async () => {
    const [base, two] = [await version('1', 'run.py'), await version('2', 'run.py')];
    const venv = join(base, 'venv');
    execFileSync(PYTHON, ['-m', 'venv', '--without-pip', '--symlinks', venv]);
    const program = `#!${venv}/bin/python\nimport sys\nprint(sys.prefix)\n`;
    await writeTree(base, { 'run.py': program });
    await writeTree(two, { 'run.py': program.replace('print', '# 2\nprint') });
    chmodSync(join(base, 'run.py'), 0o750);
    const before = lstatSync(join(base, 'run.py'));
    const direct = () => execFileSync('./run.py', { cwd: base, encoding: 'utf8' }).trim();
    expect(direct()).toBe(venv);
    await thrownBy(deploy(base, two, 'run.py', { checks: [checkOf({ command: 'false' })] }));
    expect(direct()).toBe(venv);
    await deploy(base, two, 'run.py');
    expect(kindOf(base, 'run.py')).toBe('launcher');
    expect(direct()).toBe(venv);
    const { mode, uid, gid } = lstatSync(join(base, 'run.py'));
    expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
    await rollBackTo(base, { target: 'previous' });
    expect(direct()).toBe(venv);
  });
});
