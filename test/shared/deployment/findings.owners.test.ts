/** Whoever the engine runs as can read and write after a first deployment what it could before, or that is refused. */
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import type { OtherOwned } from '../../../nodes/shared/contract/facts';
import { lostOwners } from '../../../nodes/shared/release/decide/owners';
import type { PreflightFinding } from '../../../nodes/shared/release/preflight';
import { deployOptions, deployTo, temporaryDirectories } from '../../support/deployment';
import { holds } from '../../support/property';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { type Tree, writeTree } from '../../support/tree';

const make = temporaryDirectories();
const GROUP = 15100;
const ENGINE = 15021;
const DEPLOYER = 15001;
const RUN = "open('src/engine.log', 'a').write('ran')\n";
const PLAIN: Tree = { 'run.py': RUN, 'src/a.py': 'A = 1\n', 'src/engine.log': '' };
const SOURCE: Tree = { 'run.py': RUN, 'src/a.py': 'A = 2\n' };

async function tree(content: Tree): Promise<string> {
  const directory = await make();
  await writeTree(directory, content);
  return directory;
}

/** An engine of one user's, in a group that may write to its directories. */
async function owned(content: Tree, deployed = ENGINE): Promise<string> {
  const base = await tree(content);
  execFileSync('chown', ['-R', `${deployed}:${GROUP}`, base]);
  execFileSync('find', [base, '-type', 'd', '-exec', 'chmod', '2775', '{}', '+']);
  chmodSync(join(base, 'src/a.py'), 0o640);
  return base;
}

const as = (uid: number) => ['setpriv', '--reuid', String(uid), '--regid', String(GROUP), '--clear-groups'];

async function pythonOf(uid: number): Promise<string> {
  const directory = await make('python');
  chmodSync(directory, 0o755);
  const path = join(directory, 'python');
  writeFileSync(path, `#!/bin/sh\nexec ${as(uid).join(' ')} /usr/bin/python3 "$@"\n`, { mode: 0o755 });
  return path;
}

const runAs = (uid: number, base: string) => {
  const [program, ...options] = as(uid);
  execFileSync(program as string, [...options, '/usr/bin/python3', '-B', 'run.py'], { cwd: base });
};

test('a user of the engine’s group deploys where the engine writes to what is shared, and it still can', async () => {
  const base = await owned(PLAIN);
  await deployTo(base, await tree(SOURCE), {}, { python: await pythonOf(DEPLOYER) });
  runAs(ENGINE, base);
  expect(readFileSync(join(base, 'src/engine.log'), 'utf8')).toBe('ran');
});

test('a user of the engine’s group is refused to deploy what the engine could no longer write to', async () => {
  const run = "open('src/own.py', 'a').write('# ran')\n";
  const selection = { include: ['src/**', 'run.py'], exclude: ['src/own.py'] };
  const base = await owned({ 'run.py': run, 'src/a.py': '', 'src/own.py': '' });
  const before = statusOf(base, /^(\.|\.hot-deploy(\/.*)?|releases|backups)$/);
  const source = await tree({ 'run.py': run, 'src/a.py': '# 2' });
  const error = await thrownBy(deployTo(base, source, { selection }, { python: await pythonOf(DEPLOYER) }));
  expect(error.message).toContain(`src/own.py belongs to user ${ENGINE}`);
  const findings = error.details?.findings as PreflightFinding[];
  expect(findings[0]).toMatchObject({ kind: 'ownersLost', severity: 'refused' });
  expect(findings[0].paths).toEqual(expect.arrayContaining(['src/own.py']));
  expect(statusOf(base, /^(\.|\.hot-deploy(\/.*)?|releases|backups)$/)).toEqual(before);
  runAs(ENGINE, base);
});

test('a user of the engine’s group deploys what the engine only reads, and it still can', async () => {
  const base = await owned({ 'run.py': 'import src.a\n', 'src/a.py': 'A = 1\n' });
  const source = await tree({ 'run.py': 'import src.a\n', 'src/a.py': 'A = 2\n' });
  await deployTo(base, source, {}, { python: await pythonOf(DEPLOYER) });
  runAs(ENGINE, base);
});

test('P3: what only the engine has keeps its owner, and so does the directory that it lies in', async () => {
  const base = await owned(PLAIN);
  execFileSync('chown', ['root:root', base]);
  await deployTo(base, await tree(SOURCE));
  runAs(ENGINE, base);
  await deployTo(base, await tree({ ...SOURCE, 'src/a.py': 'A = 3\n' }));
  runAs(ENGINE, base);
  for (const path of ['src', 'src/engine.log']) {
    const { uid, gid } = lstatSync(join(base, path));
    expect([uid, gid]).toEqual([ENGINE, GROUP]);
  }
  expect(await deployTo(base, await tree({ ...SOURCE, 'src/a.py': 'A = 3\n' }))).toMatchObject({
    status: 'unchanged',
  });
});

const entry: fc.Arbitrary<OtherOwned> = fc.record({
  path: fc.constantFrom('src/a.py', 'src/b.log', 'src', 'run.py'),
  uid: fc.constant(ENGINE),
  gid: fc.constantFrom(GROUP, 1),
  mode: fc.nat(0o777),
  directory: fc.boolean(),
});

test('nothing that its owner could read is left unreadable without a refusal', () => {
  holds(fc.tuple(fc.array(entry), fc.subarray(['src/a.py', 'src/b.log'])), ([others, keep]) => {
    const survey = {
      uid: DEPLOYER,
      gid: GROUP,
      dangling: [],
      pythonVersion: null,
      interpreters: [],
      containers: [],
      others,
      strangers: [],
    };
    const lost = lostOwners(survey, keep, deployOptions('/app'));
    const unreadable = others.filter(
      ({ mode, gid, directory }) => !directory && mode & 0o400 && !(gid === GROUP ? mode & 0o40 : mode & 0o4),
    );
    if (unreadable.length > 0) expect(lost).toMatchObject([{ severity: 'refused' }]);
    const owners = others.filter(({ mode }) => mode & 0o700);
    if (owners.length === 0) expect(lost).toEqual([]);
  });
});
