import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { getStatus } from '../../../nodes/shared/operations/status';
import {
  checkOf,
  deployTo,
  inConversation,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { repairAt } from '../../support/repairing';
import { keptNames, liveTree, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { asBasePath, asEntrypoint } from '../../support/named';

const make = temporaryDirectories();

/** Needs a module, a hidden file and a directory that lie beside it and that the patterns don't deploy. */
const program = (version: string): string => `import os
import helpers
here = os.path.dirname(os.path.abspath(__file__))
setting = open(os.path.join(here, '.env')).read()
words = sorted(os.listdir(os.path.join(here, 'data')))
print('${version}', helpers.NAME, setting, *words, end='')
`;
const BESIDE = { 'helpers.py': "NAME = 'helpers'\n", '.env': 'KEY=1', 'data/words.txt': '' };
const RUNS = checkOf({ name: 'runs', command: 'python run.py' });

let v1: string, v2: string, broken: string;

beforeAll(async () => {
  [v1, v2, broken] = [await make(), await make(), await make()];
  await writeTree(v1, { 'run.py': program('1'), 'src/old.py': '', 'config/a.json': '{}' });
  await writeTree(v2, { 'run.py': program('2'), 'config/a.json': '{}' });
  await writeTree(broken, { 'run.py': 'raise SystemExit(1)\n' });
});

/** A plain engine, as somebody has it before the first deployment. */
async function plain(): Promise<string> {
  const base = await make('app');
  await cp(v1, base, { recursive: true });
  await writeTree(base, BESIDE);
  return base;
}

const extract = (base: string): string => execFileSync(PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' });

test('P3: an engine that needs what lies beside it works before, after and once it is back', async () => {
  const base = await plain();
  expect(extract(base)).toBe('1 helpers KEY=1 words.txt');
  await deployTo(base, v2, { checks: [RUNS] });
  expect(extract(base)).toBe('2 helpers KEY=1 words.txt');
  await rollBackTo(base, { target: 'previous' }, { checks: [RUNS] });
  expect(extract(base)).toBe('1 helpers KEY=1 words.txt');
});

test('P3: a first deployment that does not go live leaves such an engine working', async () => {
  const base = await plain();
  const error = await thrownBy(deployTo(base, broken, { checks: [RUNS] }));
  expect(error.code).toBe('CHECK');
  expect(extract(base)).toBe('1 helpers KEY=1 words.txt');
});

test('P9: what lies beside is no content: not of a release, its backup, its digest or its drift', async () => {
  const base = await plain();
  const { backup } = await deployTo(base, v2);
  expect(liveTree(base)).toEqual(treeOf(v2));
  const archive = execFileSync('tar', ['-tzf', join(base, 'backups', String(backup))], { encoding: 'utf8' });
  expect(archive).not.toMatch(/helpers|\.env|data/);
  writeFileSync(join(base, 'later.txt'), '');
  expect((await deployTo(base, v2)).status).toBe('unchanged');
  const status = await inConversation((client) =>
    getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
  );
  expect(status.drift).toEqual({ modified: [], missing: [], added: [] });
});

test('P2: names of ours are not linked to, not even those that a release no longer has', async () => {
  const base = await plain();
  mkdirSync(join(base, '__pycache__'));
  await deployTo(base, v1);
  const { release } = await deployTo(base, v2);
  const links = execFileSync('find', [join(base, 'releases', release), '-maxdepth', '1', '-type', 'l'], {
    encoding: 'utf8',
  });
  const linked = links
    .trim()
    .split('\n')
    .map((path) => readlinkSync(path));
  expect(linked.sort()).toEqual(['../../.env', '../../data', '../../helpers.py']);
});

test('P4: removing a release leaves what its links lead to', async () => {
  const base = await plain();
  await deployTo(base, v2, { keepReleases: 1 });
  await deployTo(base, v1, { keepReleases: 1 });
  await deployTo(base, v2, { keepReleases: 1 });
  expect(keptNames(base).releases.length).toBeLessThan(4);
  expect(treeOf(join(base, 'data'))).toEqual({ 'words.txt': expect.anything() });
  expect(extract(base)).toBe('2 helpers KEY=1 words.txt');
});

describe('where runs are started in the release', () => {
  const inside = { pinning: 'release' } as const;
  const linked = (base: string, release: string) =>
    readdirSync(join(base, 'releases', release), { withFileTypes: true })
      .filter((entry) => entry.isSymbolicLink())
      .map(({ name }) => name);

  test('P1: what comes and goes beside is known to a release from the next switch on, and after going back', async () => {
    const base = await plain();
    const { release: first } = await deployTo(base, v1, inside);
    const { release: second } = await deployTo(base, v2, inside);
    const { mode } = statSync(join(base, 'releases', first));
    writeFileSync(join(base, 'data/later.txt'), '');
    writeFileSync(join(base, 'later.py'), '');
    rmSync(join(base, '.env'));
    writeFileSync(join(base, 'settings'), '');
    expect(linked(base, first)).toEqual(['.env', 'data', 'helpers.py']);
    await rollBackTo(base, { target: 'previous' });
    expect(linked(base, first)).toEqual(['data', 'helpers.py', 'later.py', 'settings']);
    expect(statSync(join(base, 'releases', first)).mode).toBe(mode);
    expect(linked(base, second)).toEqual(['.env', 'data', 'helpers.py']);
    expect(await repairAt(base)).toMatchObject({ status: 'sound' });
  });

  test('P1: of 1,500 documents none hides what a program needs', async () => {
    const base = await plain();
    for (let index = 0; index < 1500; index++) writeFileSync(join(base, `a-document-${index}.pdf`), '');
    const { release } = await deployTo(base, v2, { ...inside, checks: [{ ...RUNS, when: 'after' }] });
    expect(extract(base)).toBe('2 helpers KEY=1 words.txt');
    const others = linked(base, release).filter((name) => !name.startsWith('a-document-'));
    // The new version has no `src`: that of the plain directory stays in its place.
    expect(others).toEqual(['.env', 'data', 'helpers.py', 'src']);
    expect(linked(base, release)).toHaveLength(1504);
  });
});
