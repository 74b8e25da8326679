/** P1: pinned by code, a run has its release's programs and modules, at their plain paths. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { planDeployment } from '../../../nodes/shared/operations/plan';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import { bundleOf, deployOptions, deployTo, inConversation, rollBackTo } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { PLACE_PROBES, PLACE_SELECTION, placeEngine } from '../../support/placeProbes';
import { placeEngines, SYSTEM_PYTHON } from '../../support/placeRuns';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const { make, version, plain, run, started: startedWith } = placeEngines();
let user: SystemUser;

beforeAll(() => (user = createSystemUser()));
afterAll(() => user.remove());

const deploy = (base: string, source: string, keepReleases?: number) =>
  deployTo(base, source, {
    selection: PLACE_SELECTION,
    pinning: 'code',
    ...(keepReleases !== undefined && { keepReleases }),
  });
const started = (base: string, as: readonly string[] = []) => run([...as, SYSTEM_PYTHON, 'run.py'], base);

/** Data that is opened late is that of what is live by then; and whoever resolves a link sees where it leads. */
const OPENED_LATE = ['relative_file', 'absolute_file', 'wrapper', 'through_a_link'];
const NOT_AS_PLAIN = ['own_path', 'parent_of_a_module'];

/** What the probes find of a version: all that is code is its own. */
function expectOwn(found: Record<string, string>, own: string, live: string): void {
  const expected = PLACE_PROBES.filter((name) => !NOT_AS_PLAIN.includes(name)).map(
    (name) => [name, OPENED_LATE.includes(name) ? live : own] as const,
  );
  expect(found).toMatchObject(Object.fromEntries(expected));
}

test.each([
  ['root', () => []],
  [
    'another user',
    () => ['setpriv', `--reuid=${user.username}`, `--regid=${user.username}`, '--clear-groups'],
  ],
])('P1: as %s, across a deployment and a rollback', async (_who, as) => {
  const base = await plain();
  expect(await deploy(base, await version('1'))).toMatchObject({ pinning: { way: 'code', why: 'chosen' } });
  const before = await started(base, as());
  await deploy(base, await version('2'));
  const after = await started(base, as());
  await rollBackTo(base, { target: 'previous' });
  expectOwn(await before(), '1', '1');
  execFileSync('chmod', ['-R', 'a+rwX', join(base, 'output')]);
  await deploy(base, await version('3'));
  expectOwn(await after(), '2', '3');
});

test('P10: a plan says how runs would be pinned, and why; and nothing where only deploying tells', async () => {
  const [base, one] = [await plain(), await version('1')];
  const planned = (pinning: DeployOptions['pinning']) =>
    inConversation(async (client) => {
      const options = deployOptions(base, { selection: PLACE_SELECTION, pinning });
      return (await planDeployment(client, await bundleOf(one, options), options)).pinning;
    });
  expect(await planned('auto')).toEqual({ way: 'place', why: null });
  expect(await planned('code')).toEqual({ way: 'code', why: 'chosen' });
  expect(await planned('inside')).toEqual({ way: 'release', why: 'chosen' });
  await deploy(base, one);
  expect(await planned('code')).toEqual({ way: 'code', why: 'chosen' });
  expect(await planned('auto')).toBeNull();
});

test('P4: a worker of its own session, which closes all that it was given, has its release with Keep Releases 1', async () => {
  const base = await plain();
  await deploy(base, await version('1'));
  const goOn = await startedWith([SYSTEM_PYTHON, 'run.py', '--worker'], base);
  for (const text of ['2', '3', '4']) await deploy(base, await version(text), 1);
  await writeFile(join(base, 'go-on'), '');
  // Its file is opened late.
  expect(await goOn()).toBe('1 4');
});

test('P4: a run is known by what it has mapped, once it has closed its lease', async () => {
  const [base, one] = [await plain(), await version('1')];
  const text =
    'import os, sys; os.closerange(3, 999); print("ready", flush=True); sys.stdin.readline(); sys.path.insert(0, "src"); import late; print(late.V)';
  await writeTree(one, { 'run.py': `${text}\n` });
  const { release } = await deploy(base, one);
  const goOn = await startedWith([SYSTEM_PYTHON, 'run.py'], base);
  for (const other of ['2', '3', '4']) await deploy(base, await version(other), 1);
  expect(existsSync(join(base, 'releases', release as string))).toBe(true);
  expect(await goOn()).toBe('1');
});

test('P1: for two base paths at once, one started by the other’s run', async () => {
  const [outer, inner] = [await plain(), await plain()];
  for (const base of [outer, inner]) await deploy(base, await version('1'));
  const probes = ['late_module', 'pool_by_spawn', 'environment_beside', 'child_by_path'];
  const script = `cd ${inner} && ${SYSTEM_PYTHON} run.py ${probes.join(' ')} && cd ${outer} && ${SYSTEM_PYTHON} run.py --version`;
  const goOn = await startedWith(
    [SYSTEM_PYTHON, join(outer, '.hot-deploy/launch.py'), 'sh', '-c', script],
    outer,
  );
  for (const base of [outer, inner]) await deploy(base, await version('2'), 1);
  const [found, text] = (await goOn()).split('\n');
  expect(text).toBe('1');
  expect(JSON.parse(found as string)).toEqual(Object.fromEntries(probes.map((name) => [name, '1'])));
});

describe('what changes in the base path meanwhile changes nothing for a run', () => {
  const probes = [
    'late_module',
    'top_module',
    'removed_module',
    'pool_by_spawn',
    'imported_by_a_child',
    'run_path',
  ];
  const all = Object.fromEntries(probes.map((name) => [name, '1']));

  test('P1: names that are dropped, and a launcher that is written anew', async () => {
    const base = await plain();
    await deploy(base, await version('1'));
    const goOn = await run([SYSTEM_PYTHON, 'run.py', ...probes], base);
    const other = await make('other');
    const { 'beside_program.py': _dropped, 'src/only_in.py': _gone, ...engine } = placeEngine('2');
    await writeTree(other, { ...engine, 'run.py': `#!/usr/bin/python3\n${engine['run.py'] as string}` });
    await deploy(base, other);
    expect(readdirSync(base)).not.toContain('beside_program.py');
    expect(await goOn()).toEqual(all);
  });

  test('P1: a return to a plain directory waits for it', async () => {
    const base = await plain();
    await deploy(base, await version('1'));
    const goOn = await run([SYSTEM_PYTHON, 'run.py', ...probes], base);
    expect((await thrownBy(detachAt(base))).message).toContain('xtraction');
    expect(await goOn()).toEqual(all);
    await detachAt(base, { removeHistory: true });
    expect(readdirSync(base).filter((name) => name.startsWith('.'))).toEqual(['.venv']);
    expect(await (await run([SYSTEM_PYTHON, 'run.py', ...probes], base))()).toEqual(all);
  });
});

test('P1: a module that only a later release has is not there, and one beside that has its name is', async () => {
  const base = await plain();
  await deploy(base, await version('1'));
  const code = 'import sys; print("ready", flush=True); sys.stdin.readline(); import newer';
  const goOn = await startedWith(
    [
      SYSTEM_PYTHON,
      '.hot-deploy/launch.py',
      'python3',
      '-c',
      `
${code.replace(
  'import newer',
  `
try:
    import newer
except ImportError as error:
    print(error)
import neighbour
print(neighbour.V)`,
)}`,
    ],
    base,
  );
  const two = await version('2');
  await writeTree(two, { 'newer.py': '' });
  await writeTree(base, { 'neighbour.py': "V = 'beside'\n" });
  await deployTo(base, two, {
    selection: { include: [...PLACE_SELECTION.include, 'newer.py'], exclude: [] },
    pinning: 'code',
  });
  expect(await goOn()).toBe("No module named 'newer'\nbeside");
});

test('P1: options of the program’s own, such as -S, are no options of Python, which would keep it from being pinned', async () => {
  const [base, one] = [await plain(), await version('1')];
  await writeTree(one, { 'src/tell.py': 'import sys\nprint(__file__, sys.argv[1:])\n' });
  await deploy(base, one);
  const said = (...words: string[]) =>
    execFileSync(SYSTEM_PYTHON, ['.hot-deploy/launch.py', 'python3', ...words], {
      cwd: base,
      encoding: 'utf8',
    });
  expect(said('-W', 'ignore', 'src/tell.py', '-S', '-Intake')).toBe(
    `${join(base, 'src/tell.py')} ['-S', '-Intake']\n`,
  );
  expect(said('-um', 'src.tell', '-E')).toBe(`${join(base, 'src/tell.py')} ['-E']\n`);
  // With one of Python’s own, the program is started in the release.
  expect(said('-I', 'src/tell.py', 'x')).toMatch(/\/releases\/[^/]+\/src\/tell\.py \['x'\]\n$/);
});

test('what a program says when it fails names its own lines', async () => {
  const [base, one] = [await plain(), await version('1')];
  await writeTree(one, {
    'run.py': '\n\nimport late_failure\n',
    'late_failure.py': "raise ValueError('told')\n",
  });
  await deployTo(base, one, {
    selection: { include: [...PLACE_SELECTION.include, 'late_failure.py'], exclude: [] },
    pinning: 'code',
  });
  const { stderr } = spawnSync(SYSTEM_PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' });
  expect(stderr.split('\n')).toEqual([
    'Traceback (most recent call last):',
    expect.stringMatching(/^ {2}File ".*\/releases\/[^/]+\/run.py", line 3, in <module>$/),
    '    import late_failure',
    `  File "${base}/late_failure.py", line 1, in <module>`,
    "    raise ValueError('told')",
    'ValueError: told',
    '',
  ]);
});
