/** What plain directories have that a first release would change: kept, or refused before anything is touched. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { appendFile, cp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { NO_DEPENDENCIES } from '../../../nodes/shared/dependencies/installOptions';
import type { DeployError } from '../../../nodes/shared/errors';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import type { PreflightFinding } from '../../../nodes/shared/release/preflight';
import {
  checkOf,
  bundleOf,
  deployOptions,
  deployTo as deployWith,
  inConversation,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { asEntrypoint } from '../../support/named';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { type Tree, writeTree } from '../../support/tree';

const make = temporaryDirectories();

const ENGINE = {
  'src/helper.py': 'LABEL = "one"\n',
  'src/main.py': 'import helper\nprint(helper.LABEL)\n',
  'config/x.json': '{"n": 1}\n',
};
const RUN =
  'import runpy, sys\nsys.path.insert(0, "src")\nrunpy.run_path("src/main.py", run_name="__main__")\n';
const PLAIN: Tree = { ...ENGINE, 'run.py': RUN };
const SECOND: Tree = { ...PLAIN, 'src/helper.py': 'LABEL = "two"\n' };

async function engine(tree: Tree): Promise<string> {
  const directory = await make();
  await writeTree(directory, tree);
  return directory;
}

const run = (base: string) =>
  execFileSync(PYTHON, ['run.py'], {
    cwd: base,
    encoding: 'utf8',
    env: { PYTHONDONTWRITEBYTECODE: '1' },
  }).trim();

/** All but what a conversation itself leaves for the next one. */
const untouched = (base: string) => statusOf(base, /^(\.|\.hot-deploy(\/.*)?|releases|backups)$/);

/** With what says nothing itself. */
const STARTS = { checks: [checkOf({ type: 'engine' })] };
const deployTo: typeof deployWith = (base, source, changes = {}, conversation = {}) =>
  deployWith(base, source, { ...STARTS, ...changes }, conversation);

const plan = (base: string, source: string, changes: Partial<DeployOptions> = {}) =>
  inConversation(async (client) => {
    const options = deployOptions(base, { ...STARTS, ...changes });
    return planDeployment(client, await bundleOf(source, options), options);
  });

const findingsOf = ({ details }: DeployError) => details?.findings as PreflightFinding[];

/** Expects plan and deployment to be refused for the very same, with nothing touched. */
async function refused(
  base: string,
  source: string,
  changes: Partial<DeployOptions> = {},
): Promise<DeployError> {
  const before = untouched(base);
  const planned = await thrownBy(plan(base, source, changes));
  const deployed = await thrownBy(deployTo(base, source, changes));
  expect(untouched(base)).toEqual(before);
  expect(findingsOf(deployed)).toEqual(findingsOf(planned));
  expect(deployed.message).toContain(
    findingsOf(deployed).find(({ severity }) => severity === 'refused')?.sentence,
  );
  return deployed;
}

describe('links', () => {
  const LINKED: Tree = { ...ENGINE, 'run.py': { link: 'src/main.py' } };

  test('an entrypoint that is a link into the tree finds what lies beside its target, also after going back', async () => {
    const base = await engine(LINKED);
    const source = await engine({ ...LINKED, 'src/helper.py': 'LABEL = "two"\n' });
    expect(run(base)).toBe('one');
    await deployTo(base, source);
    expect(run(base)).toBe('two');
    await rollBackTo(base, { target: 'previous' });
    expect(run(base)).toBe('one');
    expect(readlinkSync(join(base, 'current/run.py'))).toBe('src/main.py');
  });

  test('so does one whose link is absolute', async () => {
    const base = await engine(ENGINE);
    await symlink(join(base, 'src/main.py'), join(base, 'run.py'));
    const source = await engine(SECOND);
    const { findings } = await deployTo(base, source);
    expect(findings).toMatchObject([{ kind: 'linkBecomesFile', severity: 'hint', paths: ['run.py'] }]);
    await rollBackTo(base, { target: 'previous' });
    expect(run(base)).toBe('one');
  });

  test('a directory’s link out of the tree is refused where the source has that name, and stays where it has not', async () => {
    const outside = await engine({ 'x.json': '{"n": 1}' });
    const base = await engine({ ...ENGINE, 'run.py': RUN });
    await rm(join(base, 'config'), { recursive: true });
    await symlink(outside, join(base, 'config'));
    const error = await refused(base, await engine(SECOND));
    expect(error.message).toContain(
      `config in ${base} is a link to ${outside}, and the new version has its own config`,
    );
    expect(findingsOf(error)).toMatchObject([
      { kind: 'linkReplaced', severity: 'refused', paths: ['config'] },
    ]);

    const without = await engine(SECOND);
    await rm(join(without, 'config'), { recursive: true });
    const { findings } = await deployTo(base, without);
    expect(findings).toMatchObject([{ kind: 'nameOnlyThere', severity: 'kept', paths: ['config'] }]);
    expect(readlinkSync(join(base, 'config'))).toBe(outside);
    writeFileSync(join(base, 'config/x.json'), '{"n": 2}');
    expect(readFileSync(join(outside, 'x.json'), 'utf8')).toBe('{"n": 2}');
    expect(run(base)).toBe('two');
    expect(await deployTo(base, without)).toMatchObject({ status: 'unchanged' });
  });

  test('a link within a deployed directory that leads out of it is not replaced by the source’s file', async () => {
    const outside = await engine({ 'x.json': '{"n": 1}' });
    const base = await engine({ ...ENGINE, 'run.py': RUN });
    await rm(join(base, 'config/x.json'));
    await symlink(join(outside, 'x.json'), join(base, 'config/x.json'));
    const error = await refused(base, await engine(SECOND));
    expect(findingsOf(error)).toMatchObject([{ kind: 'linkReplaced', paths: ['config/x.json'] }]);
    await deployTo(base, await engine(SECOND), {
      selection: { ...deployOptions(base).selection, exclude: ['config/x.json'] },
    });
    expect(readlinkSync(join(base, 'config/x.json'))).toBe(join(outside, 'x.json'));
  });

  test('a link that leads nowhere is refused', async () => {
    for (const name of ['run.py', 'config']) {
      const base = await engine(PLAIN);
      await rm(join(base, name), { recursive: true });
      await symlink('gone', join(base, name));
      const error = await refused(base, await engine(SECOND));
      expect(findingsOf(error)).toMatchObject([{ kind: 'linkDangling', paths: [name] }]);
    }
  });

  test('a link that the source has as well stays one, wherever in the base path it leads', async () => {
    const base = await engine({
      ...PLAIN,
      'settings/y.json': '2',
      'config/y.json': { link: '../settings/y.json' },
    });
    const source = await engine({ ...SECOND, 'config/y.json': { link: '../settings/y.json' } });
    expect((await deployTo(base, source)).findings).toBeUndefined();
    expect(readFileSync(join(base, 'config/y.json'), 'utf8')).toBe('2');
  });
});

describe('files that only the host has', () => {
  test('are named, go along from release to release and can be written to', async () => {
    const base = await engine({
      ...PLAIN,
      'config/secrets.json': '{"key": 1}',
      'src/state/engine.log': 'a\n',
      'src/out': null,
    });
    const source = await engine(SECOND);
    const only = ['config/secrets.json', 'src/out', 'src/state/engine.log'];
    const planned = await plan(base, source);
    expect(planned.changes.removed).toEqual([]);
    const { findings } = await deployTo(base, source);
    expect(findings).toEqual(planned.findings);
    expect(findings).toMatchObject([{ kind: 'filesOnlyThere', severity: 'kept', count: 3 }]);
    expect([...(findings?.[0]?.paths ?? [])].sort()).toEqual(only);
    await appendFile(join(base, 'src/state/engine.log'), 'b\n');
    writeFileSync(join(base, 'src/out/one.txt'), '1');
    expect(await deployTo(base, source)).toMatchObject({ status: 'unchanged' });
    await deployTo(base, await engine({ ...PLAIN, 'src/helper.py': 'LABEL = "three"\n' }));
    expect(run(base)).toBe('three');
    expect(readFileSync(join(base, 'src/state/engine.log'), 'utf8')).toBe('a\nb\n');
    expect(readFileSync(join(base, 'config/secrets.json'), 'utf8')).toBe('{"key": 1}');
    expect(lstatSync(join(base, 'current/src/out')).mode & 0o200).toBe(0o200);
  });

  test('a whole directory stays in its place, inode for inode', async () => {
    const base = await engine(PLAIN);
    const source = await engine(SECOND);
    await rm(join(source, 'config'), { recursive: true });
    const before = statusOf(join(base, 'config'));
    const { findings } = await deployTo(base, source);
    expect(findings).toMatchObject([{ kind: 'nameOnlyThere', severity: 'kept', paths: ['config'] }]);
    expect(statusOf(join(base, 'config'))).toEqual(before);
  });

  test('code is refused until somebody decides: kept with Exclude, gone with Remove Old Code', async () => {
    const tree: Tree = { ...PLAIN, 'src/old.py': 'OLD = 1\n', 'src/fast.so': 'binary' };
    const source = await engine(SECOND);
    const base = await engine(tree);
    const error = await refused(base, source);
    expect(findingsOf(error)).toMatchObject([{ kind: 'codeOnlyThere', severity: 'refused', count: 2 }]);
    const exclude = ['src/old.py', 'src/*.so'];
    await deployTo(base, source, { selection: { ...deployOptions(base).selection, exclude } });
    expect(existsSync(join(base, 'src/old.py'))).toBe(true);
    expect(existsSync(join(base, 'src/fast.so'))).toBe(true);

    const other = await engine(tree);
    const { findings } = await deployTo(other, source, { removeOldCode: true });
    expect(findings).toMatchObject([{ kind: 'codeOnlyThere', severity: 'hint', count: 2 }]);
    expect(existsSync(join(other, 'src/old.py'))).toBe(false);
  });

  test('bytecode without its source goes along, and is restored from a backup', async () => {
    const base = await engine({
      ...PLAIN,
      'src/main.py': 'import helper, secret\nprint(helper.LABEL, secret.KEY)\n',
    });
    writeFileSync(join(base, 'src/secret.py'), 'KEY = 42\n');
    execFileSync(PYTHON, ['-m', 'compileall', '-q', '-b', join(base, 'src/secret.py')]);
    await rm(join(base, 'src/secret.py'));
    expect(run(base)).toBe('one 42');
    const source = await make();
    await cp(base, source, { recursive: true });
    writeFileSync(join(source, 'src/helper.py'), 'LABEL = "two"\n');
    const { findings } = await deployTo(base, source);
    expect(findings).toMatchObject([
      { kind: 'bytecodeOnlyThere', severity: 'kept', paths: ['src/secret.pyc'] },
    ]);
    expect(run(base)).toBe('two 42');
    writeFileSync(join(source, 'src/helper.py'), 'LABEL = "three"\n');
    const { backup } = await deployTo(base, source);
    expect(run(base)).toBe('three 42');
    await rollBackTo(base, { target: 'backup', backup: backup ?? '' });
    expect(run(base)).toBe('two 42');
  });
});

describe('hints', () => {
  const kinds = async (base: Tree, source: Tree, changes: Partial<DeployOptions> = {}) =>
    (await plan(await engine(base), await engine(source), changes)).findings.map(({ kind }) => kind);

  test('names that both have and Include leaves out are named, with what to add to Include', async () => {
    const tree: Tree = {
      'run.py': 'import extractor\n',
      'extractor/a.py': '',
      'utils.py': '',
      'README.md': '',
    };
    const base = await engine(tree);
    const source = await engine({ ...tree, 'extractor/a.py': 'A = 2\n', 'new.py': '' });
    const { findings } = await plan(base, source);
    expect(findings).toMatchObject([
      { kind: 'namesBeside', severity: 'hint', paths: ['extractor', 'utils.py'] },
    ]);
    expect(findings[0].sentence).toContain('add to Include: extractor/**, utils.py.');
    const include = ['run.py', 'extractor/**', 'utils.py'];
    expect((await plan(base, source, { selection: { include, exclude: [] } })).findings).toEqual([]);
  });

  test('a source that names its packages, and not in requirements, is told that nothing is installed', async () => {
    for (const name of ['pyproject.toml', 'poetry.lock', 'uv.lock', 'Pipfile.lock', 'environment.yml']) {
      expect(await kinds(PLAIN, { ...SECOND, [name]: '' })).toEqual(['packagesUnlisted']);
      expect(await kinds(PLAIN, { ...SECOND, [name]: '', 'requirements.txt': '' })).toEqual([]);
    }
  });

  test('an entrypoint’s own interpreter and a virtual environment beside are told from what checks run with', async () => {
    const venv = { 'venv/pyvenv.cfg': 'home = /usr/bin\nversion = 3.2.1\n' };
    const told = async (base: Tree, source: Tree = SECOND, changes = {}): Promise<string[]> =>
      (await plan(await engine(base), await engine(source), changes)).findings.map(
        ({ sentence }) => sentence,
      );
    expect(await told({ ...PLAIN, ...venv })).toEqual([
      expect.stringMatching(/^venv in .* is a virtual environment of Python 3\.2\. Checks run with Python/),
    ]);
    const named = { ...PLAIN, 'run.py': `#!/opt/engine/bin/python3\n${RUN}` };
    expect(await told(named)).toEqual([
      expect.stringMatching(/^run\.py in .* is started with \/opt\/engine\/bin\/python3\. Checks run with/),
    ]);
    const installing = { dependencies: { ...NO_DEPENDENCIES, mode: 'virtualEnvironment' } };
    const needing = { ...SECOND, 'requirements.txt': 'x==1\n' };
    expect(await told({ ...PLAIN, ...venv }, needing, installing)).toEqual([
      expect.stringContaining('Runs of a release have its own environment'),
    ]);
    expect(await told({ ...PLAIN, 'run.py': `#!/usr/bin/env python3\n${RUN}` })).toEqual([]);
    expect(await told({ ...PLAIN, 'venv/pyvenv.cfg': 'version = \u001b[1m\n' })).toEqual([]);
  });

  test('P2: files of the engine’s where ours come to lie are said, stay, and are refused where runs would lose them', async () => {
    const own = { 'environments/prod.json': '{}\n', 'backups/notes.txt': 'x\n', 'backups/old.tar.gz': '' };
    expect(await kinds({ ...PLAIN, ...own }, SECOND)).toEqual(['ownNameUsed']);
    const [base, source] = [await engine({ ...PLAIN, ...own }), await engine(SECOND)];
    expect((await plan(base, source)).findings).toMatchObject([
      { severity: 'hint', paths: ['environments/prod.json', 'backups/notes.txt'], count: 2 },
    ]);
    expect(await kinds({ ...PLAIN, 'backups/old.tar.gz': '' }, SECOND)).toEqual([]);
    const inRelease = deployTo(base, source, { pinning: 'release' });
    expect((await thrownBy(inRelease)).message).toContain('choose another Pinning');
    await deployTo(base, source);
    expect(readFileSync(join(base, 'environments/prod.json'), 'utf8')).toBe('{}\n');
  });

  test('a .python-version that asks for another Python than ours is said', async () => {
    expect(await kinds({ ...PLAIN, '.python-version': '2.7.1\n' }, SECOND)).toEqual(['pythonVersion']);
    expect(await kinds({ ...PLAIN, '.python-version': '3\n' }, SECOND)).toEqual([]);
    expect(await kinds({ ...PLAIN, '.python-version': '\u001b[1m' }, SECOND)).toEqual([]);
  });
});

test('a start script that was written on Windows is told, and one whose name differs in case is named', async () => {
  const base = await engine({ 'run.sh': 'echo one\n', 'src/a.py': '' });
  const source = await engine({ 'run.sh': '#!/bin/sh\r\necho two\r\n', 'src/a.py': '' });
  const selection = { include: ['src/**', '*.sh'], exclude: [] };
  const entrypoint = asEntrypoint('run.sh');
  const { findings } = await plan(base, source, { selection, entrypoint });
  expect(findings).toMatchObject([{ kind: 'windowsLineEnds', paths: ['run.sh'] }]);
  const upper = await engine({ 'Run.sh': 'echo two\n', 'src/a.py': '' });
  const refusal = await thrownBy(deployTo(base, upper, { selection, entrypoint }));
  expect(refusal.message).toContain('The source has no run.sh; it has Run.sh.');
});
