import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deployTo, engineVersions, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { liveTree, statusOf, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
let v1: string, v2: string;

beforeAll(async () => {
  [v1, v2] = await engineVersions(make, 'base', 'v2');
});

const SELECTION = {
  include: ['src/**', 'config/**', 'run.py', 'requirements.txt'],
  exclude: ['config/local.json', 'src/cache'],
};

test('files that no pattern owns go along from release to release as they are', async () => {
  const [base] = await engineVersions(make, 'base');
  await mkdir(join(base, 'src/cache'));
  await writeFile(join(base, 'config/local.json'), '{"key": 1}', { mode: 0o640 });
  await writeFile(join(base, 'src/cache/model.bin'), 'model', { mode: 0o600 });
  await deployTo(base, v2, { selection: SELECTION });
  await writeFile(join(base, 'config/local.json'), '{"key": 2}');
  await writeFile(join(base, 'src/cache/more.bin'), 'more');
  await deployTo(base, v1, { selection: SELECTION });
  expect(readFileSync(join(base, 'config/local.json'), 'utf8')).toBe('{"key": 2}');
  expect(statSync(join(base, 'config/local.json')).mode & 0o777).toBe(0o640);
  expect(readFileSync(join(base, 'src/cache/model.bin'), 'utf8')).toBe('model');
  expect(readFileSync(join(base, 'src/cache/more.bin'), 'utf8')).toBe('more');
  expect(await deployTo(base, v1, { selection: SELECTION })).toMatchObject({ status: 'unchanged' });
});

test('code that the patterns come to own is the source’s from then on; what else only the engine has stays, until it is removed', async () => {
  const [base] = await engineVersions(make, 'base');
  const exclude = [...SELECTION.exclude, 'src/local.py'];
  await writeFile(join(base, 'config/local.json'), '{"key": 1}');
  await writeFile(join(base, 'src/local.py'), '');
  await deployTo(base, v1, { selection: { ...SELECTION, exclude } });
  expect(existsSync(join(base, 'config/local.json'))).toBe(true);
  expect(existsSync(join(base, 'src/local.py'))).toBe(true);
  await deployTo(base, v1);
  expect(existsSync(join(base, 'config/local.json'))).toBe(true);
  expect(existsSync(join(base, 'src/local.py'))).toBe(false);
  const [source] = await engineVersions(make, 'base');
  await writeFile(join(source, 'config/local.json'), '{"key": 2}');
  expect(await thrownBy(deployTo(base, source))).toMatchObject({
    details: { findings: [{ kind: 'sharedInSource', paths: ['config/local.json'] }] },
  });
  await rm(join(base, 'config/local.json'));
  await deployTo(base, source);
  expect(liveTree(base)).toEqual(treeOf(source));
});

test('a file that the patterns no longer own stays', async () => {
  const base = await make();
  const [source] = await engineVersions(make, 'base');
  await writeFile(join(source, 'config/local.json'), '{"key": 1}');
  await deployTo(base, source);
  await deployTo(base, v2, { selection: SELECTION });
  expect(readFileSync(join(base, 'config/local.json'), 'utf8')).toBe('{"key": 1}');
});

describe('what Include names, and no longer names', () => {
  const program =
    "import os\nprint(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data/words')).read())\n";
  const without = { selection: { include: ['src/**', 'run.py'], exclude: [] } };
  const withData = { selection: { include: ['src/**', 'data/**', 'run.py'], exclude: [] } };
  const runs = (base: string) => execFileSync(PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' }).trim();

  test('P3: is kept as the engine’s own, can be written to, and is not reported as removed', async () => {
    const [base, one, two] = [await make(), await make(), await make()];
    await writeTree(one, { 'run.py': program, 'data/words': 'one', 'src/a.py': '' });
    await writeTree(two, { 'run.py': program, 'src/a.py': '# 2', 'src/b.py': '' });
    await deployTo(base, one, withData);
    const { changes } = await deployTo(base, two, without);
    expect(changes.counts).toMatchObject({ added: 1, modified: 1, removed: 0 });
    expect(runs(base)).toBe('one');
    expect(statSync(join(base, 'data/words')).mode & 0o200).toBe(0o200);
    await writeFile(join(base, 'data/words'), 'the engine’s');
    await deployTo(base, one, without);
    expect(runs(base)).toBe('the engine’s');
    await rollBackTo(base, { target: 'previous' });
    expect(runs(base)).toBe('the engine’s');
  });

  test('P2: a release that used what lay beside it, and is deployed by now, does not go live again', async () => {
    const [base, one] = [await make(), await make()];
    await writeTree(one, { 'run.py': program, 'src/a.py': '' });
    await writeTree(base, { 'data/words': 'beside' });
    const first = await deployTo(base, one, without);
    expect(runs(base)).toBe('beside');
    await writeTree(one, { 'data/words': 'deployed' });
    const second = await deployTo(base, one, withData);
    expect(runs(base)).toBe('deployed');
    const refusal = await thrownBy(rollBackTo(base, { target: 'release', release: first.release }));
    expect(refusal).toMatchObject({ code: 'STEP' });
    expect(refusal.message).toContain(`Release ${first.release} has no 'data' of its own`);
    expect(readlinkSync(join(base, 'current'))).toBe(`releases/${second.release}`);
    expect(runs(base)).toBe('deployed');
    await rollBackTo(base, { target: 'previous' });
    expect(runs(base)).toBe('beside');
  });
});

test('other names in the base path are never touched', async () => {
  const [base] = await engineVersions(make, 'base');
  await mkdir(join(base, 'data/in'), { recursive: true });
  await writeFile(join(base, 'data/in/a.pdf'), 'pdf');
  await writeFile(join(base, '.env'), 'SECRET=1');
  await symlink('data', join(base, 'input'));
  await symlink('nowhere', join(base, 'dangling'));
  const others = () => ['data', '.env'].map((name) => statusOf(join(base, name)));
  const before = others();
  await deployTo(base, v2);
  await deployTo(base, v1);
  await rollBackTo(base, { target: 'previous' });
  expect(others()).toEqual(before);
  expect(readlinkSync(join(base, 'input'))).toBe('data');
  expect(readlinkSync(join(base, 'dangling'))).toBe('nowhere');
});

test('new top-level names appear and vanish with the releases that have them', async () => {
  const base = await make();
  const [extended] = await engineVersions(make, 'v2');
  await mkdir(join(extended, 'prompts'));
  await writeFile(join(extended, 'prompts/a.txt'), 'a');
  await rm(join(extended, 'requirements.txt'));
  const selection = { include: [...SELECTION.include, 'prompts/**'], exclude: [] };
  const names = async () => (await readdir(base)).filter((name) => /^(prompts|requirements)/.test(name));

  await deployTo(base, v1, { selection });
  expect(await names()).toEqual(['requirements.txt']);
  await deployTo(base, extended, { selection });
  expect(await names()).toEqual(['prompts']);
  expect(readFileSync(join(base, 'prompts/a.txt'), 'utf8')).toBe('a');
  await rollBackTo(base, { target: 'previous' });
  expect(await names()).toEqual(['requirements.txt']);
  await rollBackTo(base, { target: 'previous' });
  expect(await names()).toEqual(['prompts']);
});

test('a plain directory that a release comes to own is adopted', async () => {
  const base = await make();
  await deployTo(base, v1);
  await mkdir(join(base, 'prompts'));
  await writeFile(join(base, 'prompts/by-hand.txt'), 'by hand');
  await writeFile(join(base, 'prompts/a.txt'), 'plain');
  const [extended] = await engineVersions(make, 'v2');
  await mkdir(join(extended, 'prompts'));
  await writeFile(join(extended, 'prompts/a.txt'), 'a');
  const selection = { include: [...SELECTION.include, 'prompts/**'], exclude: [] };
  const { swap } = await deployTo(base, extended, { selection });
  expect(swap.adopted).toBe(true);
  expect((await readdir(join(base, 'prompts'))).sort()).toEqual(['a.txt', 'by-hand.txt']);
  await rollBackTo(base, { target: 'previous' });
  expect((await readdir(join(base, 'prompts'))).sort()).toEqual(['a.txt', 'by-hand.txt']);
  expect(readFileSync(join(base, 'prompts/a.txt'), 'utf8')).toBe('plain');
});

test('a plain directory in which only the host has something needs no release first', async () => {
  const base = await make();
  await deployTo(base, v1);
  await mkdir(join(base, 'prompts'));
  await writeFile(join(base, 'prompts/by-hand.txt'), 'by hand');
  const [extended] = await engineVersions(make, 'v2');
  await mkdir(join(extended, 'prompts'));
  await writeFile(join(extended, 'prompts/a.txt'), 'a');
  const selection = { include: [...SELECTION.include, 'prompts/**'], exclude: [] };
  const { swap } = await deployTo(base, extended, { selection });
  expect(swap.adopted).toBe(false);
  expect((await readdir(join(base, 'prompts'))).sort()).toEqual(['a.txt', 'by-hand.txt']);
  await rollBackTo(base, { target: 'previous' });
  expect(await readdir(join(base, 'prompts'))).toEqual(['by-hand.txt']);
});

test('plain files copied over the links by hand are adopted, not lost and not run half', async () => {
  const base = await make();
  await deployTo(base, v1);
  for (const name of ['src', 'run.py']) await rm(join(base, name));
  await mkdir(join(base, 'src'));
  await writeFile(join(base, 'src/by_hand.py'), '');
  await writeFile(join(base, 'run.py'), 'print("by hand")\n');
  const { swap, previousRelease } = await deployTo(base, v2, { removeOldCode: true });
  expect(swap.adopted).toBe(true);
  expect(liveTree(base)).toEqual(treeOf(v2));
  expect(treeOf(join(base, 'releases', previousRelease ?? ''))).toHaveProperty(['src/by_hand.py']);
});

test('a source without the entrypoint is refused before anything is touched', async () => {
  const [base, source] = await engineVersions(make, 'base', 'v2');
  await rm(join(source, 'run.py'));
  const before = statusOf(base);
  const error = await thrownBy(deployTo(base, source));
  expect(error.code).toBe('INPUT');
  expect(error.message).toContain('The source has no run.py that the patterns include');
  expect(statusOf(join(base, 'src'))).toEqual(
    Object.fromEntries(
      Object.entries(before)
        .filter(([path]) => path === 'src' || path.startsWith('src/'))
        .map(([path, line]) => [path === 'src' ? '.' : path.slice('src/'.length), line]),
    ),
  );
});

test('names that are not UTF-8 in plain files are adopted with the rest and stay', async () => {
  const [base] = await engineVersions(make, 'base');
  const odd = Buffer.concat([Buffer.from(join(base, 'config/caf')), Buffer.from([0xe9])]);
  await writeFile(odd, 'latin');
  const selection = { include: SELECTION.include, exclude: ['config/caf*'] };
  await deployTo(base, v1, { selection });
  await deployTo(base, v2, { selection });
  expect(readFileSync(odd, 'utf8')).toBe('latin');
});

test('a source that puts a file where files of nobody’s lie is refused, and they stay', async () => {
  const [base, source] = await engineVersions(make, 'base', 'v2');
  await mkdir(join(base, 'src/cache'));
  await writeFile(join(base, 'src/cache/model.bin'), 'model');
  const selection = { ...SELECTION, exclude: ['src/cache/model.bin'] };
  await deployTo(base, v1, { selection });
  await writeFile(join(source, 'src/cache'), 'now a file');
  const error = await thrownBy(deployTo(base, source, { selection }));
  expect(error.message).toContain('The new version has src/cache, and');
  expect(readFileSync(join(base, 'src/cache/model.bin'), 'utf8')).toBe('model');
  expect(await deployTo(base, v1, { selection })).toMatchObject({ status: 'unchanged' });
});
