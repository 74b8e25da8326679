/** Anybody who can read a directory can lock it. Another user of the host does, and nobody waits for them. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { BasePath } from '../../support/base-path';
import { deployTo, inConversation, openClient, temporaryDirectories } from '../../support/deployment';
import { asBasePath, asEntrypoint } from '../../support/named';
import { availablePythons } from '../../support/pythons';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
/** The user's own Python would be below root's home. */
const python = '/usr/bin/python3';
const [oldest] = availablePythons();
const children = new Set<ChildProcess>();
let user: SystemUser;
let uid: number;

beforeAll(() => {
  user = createSystemUser();
  uid = Number(execFileSync('id', ['-u', user.username], { encoding: 'utf8' }));
});

afterEach(async () => {
  for (const child of children) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  children.clear();
});

afterAll(() => user.remove());

const LOCK = `
import fcntl, os, sys, time
held = []
for path in sys.argv[1:]:
    try:
        held.append(os.open(path, os.O_RDONLY))
        fcntl.flock(held[-1], fcntl.LOCK_EX)
    except OSError as reason:
        print('%s: %s' % (os.path.basename(path), reason.strerror), flush=True)
print('done', flush=True)
time.sleep(600)
`;

/** Another user locks what they can open, until the end of the test. Resolves with what they could not. */
async function lockedByAnother(...paths: string[]): Promise<string[]> {
  const child = spawn(python, ['-I', '-c', LOCK, ...paths], { uid, stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.endsWith('done\n')) break;
  }
  return output.split('\n').slice(0, -2);
}

const WAIT = 'import sys; print("ready", flush=True); sys.stdin.read()';

test('P4: a release and an environment that another user locks are run without a lease, after a moment, and seen', async () => {
  const root = realpathSync(await make());
  chmodSync(root, 0o755);
  const base = new BasePath(join(root, 'app'));
  base.addRelease('a', { 'run.py': WAIT });
  base.flip('a');
  const environment = join(base.path, 'environments', 'key');
  spawnSync(oldest, ['-m', 'venv', '--without-pip', environment]);
  symlinkSync('../../environments/key', base.release('a', '.venv'));
  expect(await lockedByAnother(base.release('a'), environment)).toEqual([]);

  const began = performance.now();
  const run = spawn(oldest, ['run.py'], { cwd: base.path, stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(run);
  await once(run.stdout, 'data');
  expect(performance.now() - began).toBeLessThan(20_000);
  const open = readdirSync(`/proc/${run.pid}/fd`).map((fd) => readlinkSync(`/proc/${run.pid}/fd/${fd}`));
  expect(open).toEqual(expect.arrayContaining([base.release('a'), environment]));
});

async function deployed(): Promise<string> {
  const [base, source] = [await make('base'), await make('source')];
  chmodSync(base, 0o755);
  await writeTree(source, { 'run.py': 'print(1)', 'src/a.py': '', 'config/a.json': '{}' });
  await deployTo(base, source);
  return base;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;
const lockOf = (base: string) => join(base, '.hot-deploy/lock');

async function deployAnother(base: string): Promise<void> {
  const source = await make('source');
  await writeTree(source, { 'run.py': 'print(2)', 'src/a.py': '', 'config/a.json': '{}' });
  expect((await deployTo(base, source)).status).toBe('deployed');
}

test('P7: nobody else can take the lock of an engine', async () => {
  const base = await deployed();
  expect(modeOf(lockOf(base))).toBe(0o600);
  expect(await lockedByAnother(lockOf(base))).toEqual(['lock: Permission denied']);
  await deployAnother(base);
});

test('P7: a lock that an earlier version let everybody read is its owner’s from the next operation on', async () => {
  const base = await deployed();
  chmodSync(lockOf(base), 0o644);
  await deployAnother(base);
  expect(modeOf(lockOf(base))).toBe(0o600);
  expect(await lockedByAnother(lockOf(base))).toEqual(['lock: Permission denied']);
});

test('P6: a group that may write to the lock goes on to, and so does whom the directory belongs to', async () => {
  const base = await deployed();
  chmodSync(lockOf(base), 0o664);
  chownSync(join(base, '.hot-deploy'), uid, uid);
  await deployAnother(base);
  expect(modeOf(lockOf(base))).toBe(0o660);
  const { uid: owner, gid } = statSync(lockOf(base));
  expect({ owner, gid }).toEqual({ owner: uid, gid: uid });
});

/** A conversation with an executor that the other user runs. */
async function asAnother<T>(work: (client: ExecutorClient) => Promise<T>): Promise<T> {
  const wrapper = join(await make('python'), 'python3');
  await writeTree(join(wrapper, '..'), {
    python3: `#!/bin/sh\nexec setpriv --reuid ${uid} --clear-groups ${python} "$@"\n`,
  });
  chmodSync(wrapper, 0o755);
  chmodSync(join(wrapper, '..'), 0o755);
  return inConversation(work, { python: wrapper });
}

test('P6: who may only look sees who has the lock', async () => {
  const base = await deployed();
  const probed = async () =>
    asAnother(async (client) => {
      const probe = { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py'), holder: true };
      return (await client.call('probe', probe)).holder;
    });
  expect(await probed()).toBeNull();
  const holding = await openClient();
  try {
    const holder = { workflow: 'Nightly', execution: '7' };
    await holding.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
    expect(await probed()).toMatchObject({ workflow: 'Nightly', execution: '7' });
  } finally {
    await holding.close();
  }
  expect(await probed()).toBeNull();
});

test('P4: what another user locks is in use for whoever removes releases, and nobody waits for it', async () => {
  const base = await deployed();
  const [release] = readdirSync(join(base, 'releases'));
  await deployAnother(base);
  expect(await lockedByAnother(join(base, 'releases', release))).toEqual([]);
  const source = await make('source');
  await writeTree(source, { 'run.py': 'print(3)', 'src/a.py': '', 'config/a.json': '{}' });
  expect((await deployTo(base, source, { keepReleases: 1 })).status).toBe('deployed');
  expect(readdirSync(join(base, 'releases'))).toContain(release);
});
