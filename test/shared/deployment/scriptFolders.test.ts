/** Entrypoints in deployed directories: a folder of links and launchers stands there. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  checkOf,
  deployTo,
  type Outcome,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { crashingPython, pythonWithoutExchange } from '../../support/changedPython';
import { detachAt } from '../../support/detaching';
import { drawnStep } from '../../support/drawn';
import { asEntrypoint } from '../../support/named';
import { foundIn, repairAt } from '../../support/repairing';
import { originalsOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { type Tree, writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const SELECTION = { include: ['scripts/**', 'lib/**', 'run.py'], exclude: [] };

const deploy = (
  base: string,
  source: string,
  entrypoint: string,
  changes = {},
  conversation = {},
): Promise<Outcome> =>
  deployTo(
    base,
    source,
    { entrypoint: asEntrypoint(entrypoint), selection: SELECTION, ...changes },
    conversation,
  );

/** Finds its modules as scripts in a folder do, late. */
const SCRIPT = (version: string): string => `import os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', 'lib'))
time.sleep(float(os.environ.get('PAUSE', '0')))
import version
with open(os.path.join(here, 'data.txt')) as file:
    print('${version}', version.VERSION, file.read(), *sys.argv[1:])
`;

const files = (version: string): Tree => ({
  'scripts/report.py': SCRIPT(version),
  'scripts/other.py': SCRIPT(version),
  'scripts/deep/nightly.sh': `sleep "\${PAUSE:-0}"\necho ${version} "$(cat "$(dirname "$0")/../data.txt")" "$@"\n`,
  'scripts/data.txt': version,
  'lib/version.py': `VERSION = '${version}'\n`,
  'run.py': SCRIPT(version).replace("'..', 'lib'", "'lib'").replace("'data.txt'", "'scripts', 'data.txt'"),
});

async function version(label: string, more: Tree = {}): Promise<string> {
  const directory = await make(`v${label}`);
  await writeTree(directory, { ...files(label), ...more });
  return directory;
}

function says(base: string, script: string, cwd = base): string {
  const [program, ...words] = [script.endsWith('.sh') ? 'sh' : PYTHON, script, 'x'];
  const ran = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return ran.status === 0 ? ran.stdout.trim() : `${ran.status} ${ran.stderr}`;
}

/** What stands at a path of the base path. */
function kindOf(base: string, path: string): string {
  const status = lstatSync(join(base, path), { throwIfNoEntry: false });
  if (!status) return 'nothing';
  if (status.isSymbolicLink()) return `link ${readlinkSync(join(base, path))}`;
  if (status.isDirectory()) return 'folder';
  return readFileSync(join(base, path), 'utf8').includes('# hot-deploy launcher') ? 'launcher' : 'file';
}

/** Outside of proof, it is killed before one of so many next changes on disk. */
const STEP = 9;
const ENTRYPOINTS = 'scripts/report.py,scripts/deep/nightly.sh';

test('P1: they are launchers, what lies beside them are links, and both are one release’s', async () => {
  const [base, two] = [await version('1'), await version('2')];
  const before = originalsOf(base);
  await deploy(base, two, ENTRYPOINTS);
  expect(readdirSync(join(base, 'scripts')).sort()).toEqual(['data.txt', 'deep', 'other.py', 'report.py']);
  expect(
    ['report.py', 'data.txt', 'deep', 'deep/nightly.sh'].map((path) => kindOf(base, `scripts/${path}`)),
  ).toEqual(['launcher', 'link ../current/scripts/data.txt', 'folder', 'launcher']);
  expect([says(base, 'scripts/report.py'), says(base, 'scripts/deep/nightly.sh')]).toEqual([
    '2 2 2 x',
    '2 2 x',
  ]);
  expect(says(base, 'report.py', join(base, 'scripts'))).toBe('2 2 2 x');
  expect(says(base, join(base, 'scripts/report.py'), '/')).toBe('2 2 2 x');
  expect(execFileSync(PYTHON, ['-m', 'scripts.report'], { cwd: base, encoding: 'utf8' }).trim()).toBe(
    '2 2 2',
  );
  // One that is no entrypoint runs as it did, and reads what is live.
  expect(says(base, 'scripts/other.py')).toBe('2 2 2 x');
  await rollBackTo(base, { target: 'previous' });
  expect([says(base, 'scripts/report.py'), says(base, 'scripts/deep/nightly.sh')]).toEqual([
    '1 1 1 x',
    '1 1 x',
  ]);
  expect(await repairAt(base)).toMatchObject({ status: 'sound' });
  await detachAt(base);
  expect(Object.keys(originalsOf(base)).filter((path) => !/^backups/.test(path))).toEqual(
    Object.keys(before),
  );
  expect([says(base, 'scripts/report.py'), kindOf(base, 'scripts/report.py')]).toEqual(['1 1 1 x', 'file']);
});

test('P1: an argument that names a file beside leads to the run’s own release', async () => {
  const tells = 'import sys, time\nprint(open(sys.argv[1]).read(), sys.argv[1])\n';
  const [base, one] = [await make('app'), await version('1', { 'scripts/report.py': tells })];
  const { release } = await deploy(base, one, 'scripts/report.py');
  const told = () =>
    execFileSync(PYTHON, ['scripts/report.py', 'scripts/data.txt'], { cwd: base, encoding: 'utf8' });
  expect(told()).toBe('1 scripts/data.txt\n');
  writeFileSync(join(base, '.hot-deploy/pinning', release as string), 'release\n');
  expect(told()).toBe(`1 ${join(base, 'releases', release as string, 'scripts/data.txt')}\n`);
});

test('P3: a first deployment that does not go live leaves it inode for inode', async () => {
  const [base, two] = [await version('1'), await version('2')];
  const before = originalsOf(base);
  for (const python of [PYTHON, await pythonWithoutExchange(await make('python'))]) {
    for (const when of ['before', 'after'] as const) {
      const checks = [checkOf({ command: 'false', when })];
      await thrownBy(deploy(base, two, ENTRYPOINTS, { checks }, { python }));
      expect(originalsOf(base)).toEqual(before);
      expect(says(base, 'scripts/report.py')).toBe('1 1 1 x');
    }
  }
});

test('what comes, goes and changes its place below a folder', async () => {
  const base = await make('app');
  await deploy(base, await version('1'), 'run.py');
  expect(kindOf(base, 'scripts')).toBe('link current/scripts');
  const two = await version('2', { 'scripts/new.txt': 'new', 'scripts/deep/new.txt': 'new' });
  const refused = await thrownBy(
    deploy(base, two, 'run.py,scripts/report.py', { checks: [checkOf({ command: 'false', when: 'after' })] }),
  );
  expect(refused.code).toBe('CHECK');
  expect(kindOf(base, 'scripts')).toBe('link current/scripts');
  await deploy(base, two, 'run.py,scripts/report.py');
  expect([kindOf(base, 'scripts/report.py'), kindOf(base, 'scripts/deep')]).toEqual([
    'launcher',
    'link ../current/scripts/deep',
  ]);
  expect(readFileSync(join(base, 'scripts/new.txt'), 'utf8')).toBe('new');
  const three = await version('3', { 'scripts/newer.txt': 'newer' });
  await deploy(base, three, 'scripts/other.py,scripts/deep/nightly.sh');
  expect(
    ['report.py', 'other.py', 'deep/nightly.sh', 'newer.txt', 'new.txt'].map((path) =>
      kindOf(base, `scripts/${path}`),
    ),
  ).toEqual([
    'link ../current/scripts/report.py',
    'launcher',
    'launcher',
    'link ../current/scripts/newer.txt',
    'nothing',
  ]);
  expect(says(base, 'scripts/deep/nightly.sh')).toBe('3 3 x');
  await rollBackTo(base, { target: 'previous' });
  expect(
    ['report.py', 'other.py', 'deep', 'newer.txt', 'new.txt'].map((path) => kindOf(base, `scripts/${path}`)),
  ).toEqual([
    'launcher',
    'link ../current/scripts/other.py',
    'link ../current/scripts/deep',
    'nothing',
    'link ../current/scripts/new.txt',
  ]);
  await deploy(base, await version('4'), 'run.py');
  expect(kindOf(base, 'scripts')).toBe('link current/scripts');
  expect([says(base, 'scripts/report.py'), says(base, 'run.py')]).toEqual(['4 4 4 x', '4 4 4 x']);
  expect(await repairAt(base)).toMatchObject({ status: 'sound' });
});

test('what the engine puts into a folder stays there', async () => {
  const base = await make('app');
  await deploy(base, await version('1'), 'scripts/report.py');
  writeFileSync(join(base, 'scripts/written.txt'), 'mine');
  await deploy(base, await version('2'), 'scripts/report.py');
  await deploy(base, await version('3'), 'run.py');
  expect(readFileSync(join(base, 'scripts/written.txt'), 'utf8')).toBe('mine');
  expect([kindOf(base, 'scripts'), kindOf(base, 'scripts/report.py')]).toEqual([
    'folder',
    'link ../current/scripts/report.py',
  ]);
  expect(says(base, 'scripts/report.py')).toBe('3 3 3 x');
});

test('the repair puts links and launchers back', async () => {
  const base = await make('app');
  await deploy(base, await version('1'), ENTRYPOINTS);
  for (const path of ['report.py', 'data.txt', 'deep/nightly.sh'])
    execFileSync('rm', [join(base, 'scripts', path)]);
  expect(foundIn(await repairAt(base, { dryRun: true }))).toMatchObject({
    'scripts/report.py': ['launcherMissing', false],
    'scripts/data.txt': ['linkMissing', false],
    'scripts/deep/nightly.sh': ['launcherMissing', false],
  });
  await repairAt(base);
  expect([says(base, 'scripts/report.py'), says(base, 'scripts/deep/nightly.sh')]).toEqual([
    '1 1 1 x',
    '1 1 x',
  ]);
  expect(existsSync(join(base, 'scripts/data.txt'))).toBe(true);
});

test('P1: none of many runs fails or mixes while a folder comes, changes and goes', async () => {
  const base = await make('app');
  const sources = [await version('1'), await version('2', { 'scripts/new.txt': '' })];
  await deploy(base, sources[0] as string, 'run.py');
  const tally = { done: 0, wrong: [] as string[] };
  let going = true;
  const crowd = ['run.py', 'scripts/report.py', 'scripts/deep/nightly.sh'].map(async (script) => {
    while (going) {
      const child = spawn(script.endsWith('.sh') ? 'sh' : PYTHON, [script], {
        cwd: base,
        env: { ...process.env, PAUSE: '0.05', PYTHONDONTWRITEBYTECODE: '1' },
      });
      let told = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (piece: Buffer) => (told += piece.toString()));
      const [status] = await once(child, 'close');
      tally.done++;
      const whole = told.trim().split(' ');
      // Without a launcher a script reads what is live by then, but never fails.
      const mixed = script === 'run.py' && new Set(whole).size > 1;
      if (status !== 0 || mixed) tally.wrong.push(`${script}: ${status} ${told}`);
    }
  });
  const WAYS = ['run.py,scripts/report.py', `run.py,${ENTRYPOINTS}`, 'run.py', `run.py,${ENTRYPOINTS}`];
  for (let round = 0; round < 12; round++) {
    await deploy(base, sources[round % 2] as string, WAYS[round % WAYS.length] as string, {
      createBackup: false,
    });
  }
  going = false;
  await Promise.all(crowd);
  expect(tally.wrong).toEqual([]);
  expect(tally.done).toBeGreaterThan(20);
});

test('P2, P5: killed before a change on disk while a folder comes or goes, all starts, and the next one goes through', async () => {
  const [pythons, one, two] = [await make('pythons'), await version('1'), await version('2')];
  const ways = [`run.py,${ENTRYPOINTS}`, 'run.py'];
  for (const [from, to] of [ways, [...ways].reverse()] as Array<[string, string]>) {
    const template = await make('template');
    await deploy(template, one, to);
    for (let at = drawnStep(STEP); ; at += drawnStep(STEP)) {
      const base = await make('killed');
      execFileSync('cp', ['-a', `${template}/.`, base]);
      const python = await crashingPython(pythons, at);
      const ended = await deploy(base, two, from, { createBackup: false }, { python }).catch(
        (error: unknown) => error,
      );
      for (const script of ['run.py', 'scripts/report.py']) {
        expect({ at, from, said: says(base, script) }).toMatchObject({
          said: expect.stringMatching(/^(1 1 1|2 2 2) x$/),
        });
      }
      if (!(ended instanceof Error)) break;
      await deploy(base, two, from, { createBackup: false });
      expect({ at, kind: kindOf(base, 'scripts') }).toEqual({
        at,
        kind: from === 'run.py' ? 'link current/scripts' : 'folder',
      });
      expect(await repairAt(base, { dryRun: true })).toMatchObject({ status: 'sound' });
      expect(readdirSync(join(base, '.hot-deploy')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
  }
});
