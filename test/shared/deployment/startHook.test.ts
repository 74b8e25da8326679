/** Programs that are started with the Python of a release's environment, by its own path or activated. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { checkOf, deployTo, type Outcome, PYTHON, temporaryDirectories } from '../../support/deployment';
import { asEntrypoint } from '../../support/named';
import { writeTree } from '../../support/tree';
import { offline, withoutInstallerSettings, writeKeywords } from '../../support/wheels';

jest.setTimeout(120_000);
withoutInstallerSettings();
const make = temporaryDirectories();
const children: ChildProcess[] = [];
let wheelhouse: string;

beforeAll(async () => {
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
});
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** It says its release and the package's version, waits for a line, and imports the rest only then. */
async function version(text: string): Promise<string> {
  const directory = await make(`hook-${text}`);
  await writeTree(directory, {
    'extractor/__init__.py': '',
    'extractor/__main__.py': `import os, sys, keywords
print('${text}', keywords.VERSION, os.path.basename(os.environ.get('HOT_DEPLOY_RELEASE', 'unpinned')), *sys.argv[1:], flush=True)
sys.stdin.readline()
from extractor.late import VERSION
print(VERSION)
`,
    'extractor/late.py': `VERSION = '${text}'\n`,
    'requirements.txt': `keywords==${text}\n`,
  });
  return directory;
}

const deploy = (base: string, source: string, changes = {}): Promise<Outcome> =>
  deployTo(base, source, {
    entrypoint: asEntrypoint(''),
    selection: { include: ['extractor/**', 'requirements.txt'], exclude: [] },
    dependencies: offline(wheelhouse, { installer: 'pip' }),
    ...changes,
  });

const WAYS: Array<[string, (base: string) => string[]]> = [
  ['by its path', (base) => [join(base, 'current/.venv/bin/python'), '-m', 'extractor', 'x y']],
  [
    'activated',
    (base) => [
      'sh',
      '-c',
      `. "${join(base, 'current/.venv/bin/activate')}" && exec python -u -m extractor "x y"`,
    ],
  ],
];

test.each(WAYS)('P1, P4: a module started %s is one release’s to its end', async (_way, command) => {
  const [base, one, two] = [await make('app'), await version('1'), await version('2')];
  const { release } = await deploy(base, one);
  const [program, ...words] = command(base);
  const child = spawn(program ?? '', words, { cwd: base, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  const closed = once(child, 'close');
  while (!said.includes('\n')) await once(child.stdout, 'data');
  expect(said.trim()).toBe(`1 1 ${release} x y`);
  await deploy(base, two, { keepReleases: 1, keepBackups: 0 });
  await deploy(base, two, { keepReleases: 1, keepBackups: 0, deployUnchanged: true });
  expect(readdirSync(join(base, 'releases'))).toContain(release);
  child.stdin.end('\n');
  expect(await closed).toEqual([0, null]);
  expect(said.trim().split('\n')[1]).toBe('1');
});

test('checks, pip and whatever it can not pin are left alone', async () => {
  const [base, one] = [await make('app'), await version('1')];
  // A check's own program is not started anew: it has the release that is checked.
  const code = 'import os, sys; assert os.environ["HOT_DEPLOY_RELEASE"] == os.getcwd(), os.getcwd()';
  const { release } = await deploy(base, one, {
    checks: [checkOf({ type: 'python', code, when: 'before' })],
  });
  const python = join(base, 'current/.venv/bin/python');
  const tells = 'import os; print(os.environ.get("HOT_DEPLOY_RELEASE"))';
  const told = (...words: string[]) => execFileSync(python, words, { cwd: base, encoding: 'utf8' }).trim();
  expect(told('-c', tells)).toBe(join(base, 'releases', release as string));
  expect(told('-I', '-c', tells)).toBe(join(base, 'releases', release as string));
  expect(told('-S', '-c', tells)).toBe('None');
  expect(spawnSync(python, [], { input: tells, encoding: 'utf8' }).stdout.trim()).toBe('None');
  const pip = spawnSync(python, ['-v', '-m', 'pip', '--version'], { encoding: 'utf8' });
  expect(pip.stderr).toContain('hot_deploy_start');
  expect(pip.stderr).not.toContain('launch.py');
  // Packages are listed as they were asked for.
  const listed = 'import importlib.metadata as m; print([d.metadata["Name"] for d in m.distributions()])';
  expect(told('-S', '-c', listed)).not.toContain('hot');
  // Without the prefix's program there is nothing that could pin it.
  renameSync(join(base, '.hot-deploy/launch.py'), join(base, '.hot-deploy/gone.py'));
  expect(told('-c', tells)).toBe('None');
});

test('another environment, and another Python, are not ours to pin', async () => {
  const [base, one, two] = [await make('app'), await version('1'), await version('2')];
  const { dependencies } = await deploy(base, one);
  await deploy(base, two);
  const tells = 'import os; print(os.environ.get("HOT_DEPLOY_RELEASE"))';
  const old = join(base, 'environments', dependencies.environment as string, 'bin/python');
  for (const python of [old, PYTHON]) {
    expect(execFileSync(python, ['-c', tells], { cwd: base, encoding: 'utf8' }).trim()).toBe('None');
  }
});
