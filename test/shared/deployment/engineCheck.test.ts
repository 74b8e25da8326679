/** The check that starts the engine as workflows do. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';

import type { Check } from '../../../nodes/shared/release/checks';
import { deploy } from '../../../nodes/shared/operations/deploy';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  openClient,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { asEntrypoint } from '../../support/named';
import { originalsOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { offline, writeWheel } from '../../support/wheels';

jest.setTimeout(60_000);
const make = temporaryDirectories();

const starts = (changes: Partial<Check> = {}): Check =>
  checkOf({ type: 'engine', name: 'starts', when: 'before', arguments: [], ...changes });

async function tree(files: Record<string, string>): Promise<string> {
  const directory = await make('engine');
  await writeTree(directory, files);
  return directory;
}

const options = { selection: { include: ['src/**', 'prompts/**', 'words.txt', 'run.py'], exclude: [] } };
const TELLS = `import json, os, sys
print(json.dumps({'arguments': sys.argv, 'path': sys.path[:2], 'cwd': os.getcwd(), 'own': os.environ.get('PATH'),
    'python': os.environ.get('PYTHONPATH'), 'names': sorted(os.environ), 'utf8': sys.flags.utf8_mode, 'release': os.environ.get('HOT_DEPLOY_RELEASE', '')[-30:]}))
`;

test.each(['C', 'C.UTF-8'])(
  'nothing is added to its path or environment, and arguments arrive byte for byte (%s)',
  async (locale) => {
    for (const given of ['LC_ALL', 'LC_CTYPE']) delete process.env[given];
    process.env.LANG = locale;
    const base = await tree({ 'run.py': TELLS });
    const words = ['a b', '"', "'; rm x", '$HOME', 'ünï\n', '-S', ''];
    const { checks } = await deployTo(base, await tree({ 'run.py': `${TELLS}# 2\n`, 'src/a.py': '' }), {
      ...options,
      checks: [starts({ arguments: words, when: 'both' })],
    });
    const told = checks
      .filter(({ name }) => name === 'starts')
      .map(({ output }) => JSON.parse(output) as object);
    const run = execFileSync(PYTHON, ['run.py', ...words], {
      cwd: base,
      encoding: 'utf8',
      env: { ...process.env },
    });
    // What a workflow's run is told, once the version is live, is what the checks were told, before and after.
    const { release, ...expected } = JSON.parse(run) as { release: string };
    expect(told).toEqual([
      { ...expected, release },
      { ...expected, release },
    ]);
    expect(expected).toMatchObject({ arguments: ['run.py', ...words], python: null, own: process.env.PATH });
  },
);

test('with an environment of the release’s, it is that one’s interpreter, and its programs are not in front', async () => {
  const base = await make('app');
  const source = await tree({
    'run.py':
      'import os, sys, tiny\nprint(sys.prefix != sys.base_prefix, ".venv" in os.environ["PATH"], "environments" in os.environ["PATH"])\n',
    'requirements.txt': 'tiny\n',
  });
  const wheelhouse = await make('wheels');
  writeWheel(wheelhouse, { name: 'tiny', version: '1.0', modules: { 'tiny.py': '' } });
  const { checks } = await deployTo(base, source, {
    ...options,
    dependencies: offline(wheelhouse),
    selection: { include: ['run.py', 'requirements.txt'], exclude: [] },
    checks: [starts({ when: 'both' })],
  });
  const outputs = checks.filter(({ name }) => name === 'starts').map(({ output }) => output);
  expect(outputs).toEqual(['True False False\n', 'True False False\n']);
});

test('names that the base path does not have yet are shown, and have gone when it was refused', async () => {
  const base = await tree({ 'run.py': 'print(1)\n', 'src/a.py': '' });
  const reads = 'print(open("prompts/a.txt").read(), open("words.txt").read())\n';
  const source = await tree({ 'run.py': reads, 'src/a.py': '', 'prompts/a.txt': 'a', 'words.txt': 'w' });
  const broken = await tree({ 'run.py': `${reads}raise SystemExit(4)\n`, 'src/a.py': '', 'prompts/a.txt': 'a', 'words.txt': 'w' }); // prettier-ignore
  for (const first of [true, false]) {
    const before = originalsOf(base);
    const error = await thrownBy(deployTo(base, broken, { ...options, checks: [starts()] }));
    expect(error.message).toContain('did not pass before the switch: exit code 4');
    expect(error.description).toBe('a w\n');
    if (first) expect(originalsOf(base)).toEqual(before);
    expect(readdirSync(base)).toEqual(
      expect.not.arrayContaining(['prompts', 'words.txt', '.pinned-prompts']),
    );
    await deployTo(base, await tree({ 'run.py': 'print(2)\n', 'src/a.py': '' }), options);
  }
  const { checks } = await deployTo(base, source, { ...options, checks: [starts()] });
  expect(checks.at(-1)).toMatchObject({
    name: 'starts',
    startedAs: 'place',
    when: 'before',
    output: 'a w\n',
  });
});

test('what is shared is there, and what the check writes beside is the engine’s', async () => {
  const program = 'import json\nprint(json.load(open("src/state.json")))\nopen("made", "a").write("x")\n';
  const base = await tree({ 'run.py': program, 'src/a.py': '', 'src/state.json': '1' });
  const source = await tree({ 'run.py': `${program}# 2\n`, 'src/a.py': '# 2' });
  const { checks } = await deployTo(base, source, { ...options, checks: [starts({ when: 'both' })] });
  expect(checks.filter(({ name }) => name === 'starts').map(({ output }) => output)).toEqual(['1\n', '1\n']);
  expect(readFileSync(join(base, 'made'), 'utf8')).toBe('xx');
});

test('where it can’t be shown in place, that is said, and it is started after the switch, too', async () => {
  const reads = 'import sys\nsys.exit(open("words.txt").read() == "bad")\n';
  const base = await tree({ 'run.py': reads, 'words.txt': 'good' });
  const byCode = { ...options, pinning: 'code' as const, checks: [starts()] };
  const good = await deployTo(base, await tree({ 'run.py': reads, 'words.txt': 'better' }), byCode);
  expect(good.checks.filter(({ name }) => name === 'starts')).toMatchObject([
    { when: 'before', startedAs: 'code' },
    { when: 'after', startedAs: 'live' },
  ]);
  const error = await thrownBy(deployTo(base, await tree({ 'run.py': reads, 'words.txt': 'bad' }), byCode));
  expect(error.details).toMatchObject({ check: { when: 'after', startedAs: 'live' } });
  expect(readFileSync(join(base, 'words.txt'), 'utf8')).toBe('better');
});

test('without an entrypoint, the whole command is started behind the prefix', async () => {
  const base = await make('app');
  const source = await tree({
    'src/__init__.py': '',
    'src/__main__.py': 'import sys\nprint(sys.argv[1:])\n',
  });
  const words = ['python3', '-m', 'src', 'one'];
  const { checks } = await deployTo(base, source, {
    ...options,
    entrypoint: asEntrypoint(''),
    checks: [starts({ arguments: words, when: 'both' })],
  });
  expect(checks.slice(-2).map(({ output }) => output)).toEqual(["['one']\n", "['one']\n"]);
});

test('P2, P3: killed while it runs, names that it was shown at have gone with the next operation', async () => {
  const base = await tree({ 'run.py': 'print(1)\n' });
  const waits =
    'import os, time\nopen("started", "w").close()\nwhile not os.path.exists("stop"): time.sleep(0.01)\n';
  const source = await tree({ 'run.py': waits, 'prompts/a.txt': 'a' });
  const client = await openClient();
  const asked = deployOptions(base, { ...options, checks: [starts()] });
  const written = watch(base, { signal: AbortSignal.timeout(20_000) });
  const ended = thrownBy(deploy(client, await bundleOf(source, asked), asked));
  for await (const { filename } of written) if (filename === 'started') break;
  expect(lstatSync(join(base, 'prompts')).isSymbolicLink()).toBe(true);
  process.kill(client.hello.processId, 'SIGKILL');
  await ended;
  await client.close();
  // What the check had started ends by itself.
  await writeTree(base, { stop: '' });
  await deployTo(base, await tree({ 'run.py': 'print(2)\n' }), options);
  expect(readdirSync(base)).toEqual(expect.not.arrayContaining(['prompts', '.pinned-prompts']));
  expect(await rollBackTo(base, { target: 'previous' })).toMatchObject({ status: 'rolledBack' });
});
