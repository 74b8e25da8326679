/** P1: a run sees its plain directory, with one release of the engine in it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { getStatus } from '../../../nodes/shared/operations/status';
import { checkOf, deployTo, inConversation, rollBackTo } from '../../support/deployment';
import { PLACE_PROBES, PLACE_SELECTION, placeEngine } from '../../support/placeProbes';
import { placeEngines, SYSTEM_PYTHON } from '../../support/placeRuns';
import { detachAt } from '../../support/detaching';
import { asBasePath, asEntrypoint } from '../../support/named';
import { repairAt } from '../../support/repairing';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const { make, version, plain, started: startedWith, run } = placeEngines();
let user: SystemUser;

beforeAll(() => (user = createSystemUser()));
afterAll(() => user.remove());

const deploy = (base: string, source: string) => deployTo(base, source, { selection: PLACE_SELECTION });
const AS_USER = () => ['setpriv', `--reuid=${user.username}`, `--regid=${user.username}`, '--clear-groups'];

/** A run that is ready, and what its probes (all, or those that are named) find once it goes on. */
const started = (base: string, probes: string[] = [], as: string[] = []) =>
  run([...as, SYSTEM_PYTHON, 'run.py', ...probes], base);

/** Whether a version is live. */
function says(base: string, version: string): boolean {
  const path = join(base, 'current/beside_program.py');
  return existsSync(path) && readFileSync(path, 'utf8').includes(version);
}

const all = (value: string) => Object.fromEntries(PLACE_PROBES.map((name) => [name, value]));

test('a run of the plain directory finds all that the probes look for', async () => {
  const base = await plain();
  expect(await (await started(base))()).toEqual(all('0'));
});

test.each([
  ['root', () => []],
  ['another user', AS_USER],
])('P1: pinned in place as %s, across a deployment and a rollback', async (_who, as) => {
  const base = await plain();
  await deploy(base, await version('1'));
  const before = await started(base, [], as());
  await deploy(base, await version('2'));
  const after = await started(base, [], as());
  await rollBackTo(base, { target: 'previous' });
  expect(await before()).toEqual(all('1'));
  execFileSync('chmod', ['-R', 'a+rwX', join(base, 'output')]);
  expect(await after()).toEqual(all('2'));
  expect(existsSync(join(base, 'made-1')) && existsSync(join(base, 'made-2'))).toBe(true);
  expect(readFileSync(join(base, 'state.json'), 'utf8')).toBe('of 2');
});

test('P1: modules at the top, of the same size, are each run’s own release’s, however fast releases follow', async () => {
  const base = await plain();
  const versions = ['1', '2', '3', '4', '5'];
  const seconds: number[] = [];
  const runs = [];
  for (const text of versions) {
    const { release } = await deploy(base, await version(text));
    const { mtimeMs } = statSync(join(base, 'releases', release as string, 'beside_program.py'));
    seconds.push(Math.floor(mtimeMs / 1000));
    // Two runs of each: one has what another release's run has cached meanwhile, or its own.
    runs.push(await started(base, ['top_module']), await started(base, ['top_module']));
  }
  expect(new Set(seconds).size).toBe(versions.length);
  const found: unknown[] = [];
  for (const index of [0, 2, 1, 4, 3, 6, 5, 8, 7, 9]) found.push(await runs[index]?.());
  const expected = ['1', '2', '1', '3', '2', '4', '3', '5', '4', '5'];
  expect(found).toEqual(expected.map((top_module) => ({ top_module })));
});

test('P4: a worker of its own session, which imports late, has its release with Keep Releases 1', async () => {
  const base = await plain();
  await deploy(base, await version('1'));
  // It closes all that it was given, and what started it has ended.
  const goOn = await startedWith([SYSTEM_PYTHON, 'run.py', '--worker'], base);
  for (const text of ['2', '3', '4']) {
    await deployTo(base, await version(text), { selection: PLACE_SELECTION, keepReleases: 1 });
  }
  await writeFile(join(base, 'go-on'), '');
  expect(await goOn()).toBe('1 1');
});

test.each([
  ['root', () => []],
  ['another user', AS_USER],
])('P1: for two base paths at once, one inside of the other’s run, as %s', async (_who, as) => {
  const [outer, inner] = [await plain(), await plain()];
  for (const base of [outer, inner]) await deploy(base, await version('1'));
  const probes = ['late_module', 'relative_file', 'pool_by_spawn', 'environment_beside'];
  const script = `cd ${inner} && ${SYSTEM_PYTHON} run.py ${probes.join(' ')} && cat ${outer}/src/version.txt ${outer}/config/c.json`;
  const prefix = [...as(), SYSTEM_PYTHON, join(outer, '.hot-deploy/launch.py')];
  const goOn = await startedWith([...prefix, 'sh', '-c', script], outer);
  for (const base of [outer, inner])
    await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
  const [found, text, json] = (await goOn()).split('\n');
  expect([text, json]).toEqual(['1', '{"v": "1"}']);
  expect(JSON.parse(found as string)).toEqual(Object.fromEntries(probes.map((name) => [name, '1'])));
});

describe('what runs have mounted over is left alone until they have ended', () => {
  test('P1: a name that is dropped', async () => {
    const base = await plain();
    await deploy(base, await version('1'));
    const run = await started(base, ['top_module', 'late_module', 'pool_by_spawn']);
    const without = await make('without');
    const { 'beside_program.py': dropped, ...others } = placeEngine('2');
    await writeTree(without, others);
    await deployTo(base, without, { selection: PLACE_SELECTION });
    expect([dropped, readlinkSync(join(base, 'beside_program.py'))]).toEqual([
      "V = '2'\n",
      'current/beside_program.py',
    ]);
    expect(await run()).toEqual({ top_module: '1', late_module: '1', pool_by_spawn: '1' });
    await deploy(base, without);
    await deployTo(base, without, { selection: PLACE_SELECTION, deployUnchanged: true });
    expect(readdirSync(base)).not.toContain('beside_program.py');
  });

  test('P1: a launcher that a later version would write otherwise', async () => {
    const base = await plain();
    await deploy(base, await version('1'));
    const run = await started(base, ['own_path', 'pool_by_spawn', 'child_by_path']);
    const other = await make('other');
    const engine = placeEngine('2');
    await writeTree(other, { ...engine, 'run.py': `#!/usr/bin/python3\n${engine['run.py'] as string}` });
    await deployTo(base, other, { selection: PLACE_SELECTION });
    expect(await run()).toEqual({ own_path: '1', pool_by_spawn: '1', child_by_path: '1' });
    expect(await (await started(base, ['own_path']))()).toEqual({ own_path: '2' });
    await deployTo(base, other, { selection: PLACE_SELECTION, deployUnchanged: true });
    expect(readFileSync(join(base, 'run.py'), 'utf8')).toMatch(/^#!\/usr\/bin\/python3\n# hot-deploy/);
  });

  test('P1: all of them, by a return to a plain directory', async () => {
    const base = await plain();
    await deploy(base, await version('1'));
    const run = await started(base, ['late_module', 'relative_file', 'pool_by_spawn']);
    expect((await thrownBy(detachAt(base))).message).toContain('Extractions still run');
    expect(await run()).toEqual({ late_module: '1', relative_file: '1', pool_by_spawn: '1' });
    await detachAt(base, { removeHistory: true });
    expect(readdirSync(base).filter((name) => name.startsWith('.'))).toEqual(['.venv']);
    expect(await (await started(base, ['late_module']))()).toEqual({ late_module: '1' });
  });

  test('P1, P3: all of them, by a first deployment that is taken back, whose originals the next operation puts back', async () => {
    const base = await plain();
    const before = statSync(join(base, 'src')).ino;
    const fails = checkOf({
      type: 'command',
      command: `sh -c 'while [ ! -e ${base}/go ]; do sleep 0.02; done; exit 1'`,
      when: 'after',
    });
    const lost = deployTo(base, await version('1'), { selection: PLACE_SELECTION, checks: [fails] });
    while (!says(base, '1')) await nextTurn();
    const run = await started(base, ['late_module', 'relative_file', 'pool_by_spawn', 'top_module']);
    await writeFile(join(base, 'go'), '');
    const { message, details } = await thrownBy(lost);
    const adopted = readlinkSync(join(base, 'current')).replace('releases/', '');
    expect([message, details?.live]).toEqual([
      expect.stringContaining(`release ${adopted} is live`),
      adopted,
    ]);
    expect(details?.complaint).toContain('They are pinned by the names');
    expect(await run()).toEqual({
      late_module: '1',
      relative_file: '1',
      pool_by_spawn: '1',
      top_module: '1',
    });
    await repairAt(base);
    expect(statSync(join(base, 'src')).ino).toBe(before);
    expect(readdirSync(base).filter((name) => name.startsWith('.'))).toEqual(['.hot-deploy', '.venv']);
    expect(await (await started(base, ['late_module']))()).toEqual({ late_module: '0' });
  });
});

describe('Get Status says how runs are pinned', () => {
  const pinning = async (base: string) =>
    (
      await inConversation((client) =>
        getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
      )
    ).pinning;

  test('P1: in place; in the release where that is asked for, which alone is a new release', async () => {
    const [base, one] = [await plain(), await version('1')];
    expect(await pinning(base)).toEqual({ way: 'place', why: null });
    await deploy(base, one);
    expect(await pinning(base)).toEqual({ way: 'place', why: null });
    expect((await deploy(base, one)).status).toBe('unchanged');
    const asked = { selection: PLACE_SELECTION, pinning: 'release' } as const;
    expect((await deployTo(base, one, asked)).status).toBe('deployed');
    expect(await pinning(base)).toEqual({ way: 'release', why: 'chosen' });
    expect((await deployTo(base, one, asked)).status).toBe('unchanged');
    await rollBackTo(base, { target: 'previous' });
    expect(await pinning(base)).toEqual({ way: 'place', why: null });
  });

  test('where somebody put something else in a name’s place', async () => {
    const base = await plain();
    await deploy(base, await version('1'));
    await rm(join(base, 'src'));
    await writeTree(base, { 'src/late.py': "V = '1'\n" });
    expect(await pinning(base)).toEqual({ way: 'code', why: 'names' });
  });
});

test('P1: a user’s namespace is not taken for an engine that uses what does not work there', async () => {
  const [base, one, two] = [await plain(), await make('sudo'), await make('sudo')];
  await writeTree(one, {
    ...placeEngine('1'),
    'src/files.py': 'import os\ndef give(path): os.chown(path, 1, 1)\n',
  });
  await writeTree(two, placeEngine('2'));
  const ask = () => started(base, ['parent_of_a_module'], AS_USER()).then((run) => run());
  await deploy(base, one);
  // By code, a module that follows the links finds itself in its release.
  expect((await ask()).parent_of_a_module).toContain('Error');
  expect(await (await started(base, ['parent_of_a_module']))()).toEqual({ parent_of_a_module: '1' });
  await deployTo(base, two, { selection: PLACE_SELECTION, removeOldCode: true });
  expect(await ask()).toEqual({ parent_of_a_module: '2' });
});
