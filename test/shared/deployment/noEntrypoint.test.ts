/** Engines without a start script, such as a package that is started as a module. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { planDeployment } from '../../../nodes/shared/operations/plan';
import { getStatus } from '../../../nodes/shared/operations/status';
import {
  bundleOf,
  deployOptions,
  deployTo,
  inConversation,
  type Outcome,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { asEntrypoint } from '../../support/named';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { UV_DIRECTORY } from '../../support/wheels';

const make = temporaryDirectories();
const children: ChildProcess[] = [];

afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
const settings = {
  entrypoint: asEntrypoint(''),
  selection: { include: ['extractor/**'], exclude: [] },
};
const deploy = (base: string, source: string, changes = {}): Promise<Outcome> =>
  deployTo(base, source, { ...settings, ...changes });

/** It says its version, waits for a line, and imports the rest only then. */
async function version(text: string): Promise<string> {
  const directory = await make(`module-${text}`);
  await writeTree(directory, {
    'extractor/__init__.py': '',
    'extractor/__main__.py': `import sys\nprint('${text}', flush=True)\nsys.stdin.readline()\nfrom extractor.late import VERSION\nprint(VERSION)\n`,
    'extractor/late.py': `VERSION = '${text}'\n`,
  });
  return directory;
}

/** A run that has said its version, and what it says once it may go on. */
async function started(
  base: string,
  ...prefix: string[]
): Promise<{ goOn: () => void; said: Promise<string> }> {
  const child = spawn(PYTHON, [...prefix, '-m', 'extractor'], {
    cwd: base,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  children.push(child);
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  const ended = once(child, 'close').then(() => said.trim().split('\n').join(' '));
  await once(child.stdout, 'data');
  return { goOn: () => child.stdin.end('\n'), said: ended };
}

const prefix = (base: string): string[] => [join(base, '.hot-deploy/launch.py'), PYTHON];

test('P1: a first deployment waits for a run of the module that was started before, and the prefix pins later ones', async () => {
  const [base, next, last] = [await version('1'), await version('2'), await version('3')];
  const before = await started(base);
  const deployed = deploy(base, next, {
    onStep: ({ step, phase }: { step: string; phase: string }) => {
      if (step === 'wait for earlier extractions' && phase === 'start') before.goOn();
    },
  });
  expect(await deployed).toMatchObject({ status: 'deployed', swap: { adopted: true, unpinned: 0 } });
  expect(await before.said).toBe('1 1');

  const pinned = await started(base, ...prefix(base));
  await deploy(base, last);
  pinned.goOn();
  expect(await pinned.said).toBe('2 2');
  await rollBackTo(base, { target: 'previous' });
  const again = await started(base, ...prefix(base));
  again.goOn();
  expect(await again.said).toBe('2 2');
  expect(existsSync(join(base, 'run.py'))).toBe(false);
});

test('a run that nobody lets go on is counted as not pinned, and keeps its plain modules', async () => {
  const [base, next] = [await version('1'), await version('2')];
  const before = await started(base);
  const { swap } = await deploy(base, next);
  expect(swap).toMatchObject({ adopted: true, unpinned: 1 });
  before.goOn();
  await before.said;
});

test('plan and status say what is pinned', async () => {
  const [base, next] = [await version('1'), await version('2')];
  const options = deployOptions(base, settings);
  const plan = await inConversation(async (client) =>
    planDeployment(client, await bundleOf(next, options), options),
  );
  expect(plan.starts).toEqual({
    pinned: [],
    unpinned: [],
    prefix: `python3 ${base}/.hot-deploy/launch.py`,
  });
  expect(plan.findings).toMatchObject([
    { kind: 'nothingPinned', severity: 'hint' },
    { kind: 'engineNotStarted', severity: 'hint' },
  ]);
  expect(plan.findings[0]?.sentence).toContain(`Put python3 ${base}/.hot-deploy/launch.py in front`);
  await deploy(base, next);
  expect(await inConversation((client) => getStatus(client, options))).toMatchObject({ state: 'live' });
});

test('emptying Entrypoint while its start script is still there is refused, and changes nothing', async () => {
  const base = await make('app');
  const source = await version('1');
  await writeTree(source, { 'run.py': 'import extractor.__main__\n' });
  const selection = { include: ['extractor/**', 'run.py'], exclude: [] };
  await deploy(base, source, { entrypoint: asEntrypoint('run.py'), selection });
  const launcher = readFileSync(join(base, 'run.py'));
  await writeTree(source, { 'extractor/late.py': 'VERSION = "2"\n' });
  const refused = await thrownBy(deploy(base, source, { selection }));
  expect(refused).toMatchObject({ code: 'INPUT' });
  expect(refused.message).toContain('Entrypoint is empty, and the new version still has run.py');
  expect(readFileSync(join(base, 'run.py'))).toEqual(launcher);
});

test('P1: uv run is pinned where it starts an entrypoint, and by the prefix where it starts a module', async () => {
  const [base, source] = [await make('app'), await version('1')];
  const tells = 'import os\nprint(os.path.basename(os.environ.get("HOT_DEPLOY_RELEASE", "unpinned")))\n';
  await writeTree(source, { 'run.py': tells, 'extractor/__main__.py': tells });
  const { release } = await deploy(base, source, {
    entrypoint: asEntrypoint('run.py'),
    selection: { include: ['extractor/**', 'run.py'], exclude: [] },
  });
  const uv = (...words: string[]): string =>
    execFileSync(
      join(UV_DIRECTORY, 'uv'),
      ['run', '--no-project', '--offline', `--python=${PYTHON}`, ...words],
      {
        cwd: base,
        encoding: 'utf8',
      },
    ).trim();
  expect(uv('run.py')).toBe(release);
  expect(uv('python', '-m', 'extractor')).toBe('unpinned');
  expect(uv('python', '.hot-deploy/launch.py', 'python', '-m', 'extractor')).toBe(release);
});
