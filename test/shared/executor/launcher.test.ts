import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { BasePath } from '../../support/base-path';
import {
  ENGINE_ENVIRONMENT,
  makePdf,
  materialiseEngine,
  versionsIn,
  writeVersion,
} from '../../support/engine';
import { availablePythons } from '../../support/pythons';

const pythons = availablePythons();
const [oldest] = pythons;
const children = new Set<ChildProcess>();
let root: string;
let count = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'launcher-test-'));
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

afterAll(() => rmSync(root, { recursive: true }));

function newBase(): BasePath {
  count += 1;
  return new BasePath(join(root, `base${count}`));
}

function start(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const closed = once(child, 'close').then(() => children.delete(child));
  return { child, output, closed, lines: createInterface({ input: child.stdout }) };
}

async function engineBase(): Promise<{ base: BasePath; file: string }> {
  const base = newBase();
  for (const id of ['a', 'b']) {
    await materialiseEngine('base', base.release(id));
    await writeVersion(base.release(id), id);
  }
  base.flip('a');
  const file = join(root, 'contract.pdf');
  writeFileSync(file, makePdf([['The supplier shall deliver.'], ['Either party may terminate.']]));
  return { base, file };
}

/** Runs an extraction from `a`; each time it is about to load more, the other release goes live. */
async function extractWhileFlipping(python: string, base: BasePath, file: string): Promise<string> {
  const args = ['run.py', 'extract', file, '--config', 'config/default_config.json'];
  const env = { ...ENGINE_ENVIRONMENT, ENGINE_PAUSE_SECONDS: '0.3' };
  const { child, output, closed } = start(python, args, base.path, env);
  let flips = 0;
  createInterface({ input: child.stderr }).on('line', () => base.flip((flips += 1) % 2 ? 'b' : 'a'));
  await closed;
  expect({ code: child.exitCode, flips }).toEqual({ code: 0, flips: 3 });
  return output.stdout;
}

describe('P1: an extraction runs one release to its last instruction', () => {
  test.each(pythons)('while current flips between its lazy imports (%s)', async (python) => {
    const { base, file } = await engineBase();
    expect(versionsIn(await extractWhileFlipping(python, base, file))).toEqual(['a']);
    const { stdout } = spawnSync(python, ['run.py', 'extract', file], {
      cwd: base.path,
      env: { ...process.env, ...ENGINE_ENVIRONMENT },
      encoding: 'utf8',
    });
    expect(versionsIn(stdout)).toEqual(['b']);
  });

  test('which the same extraction does not through plain links', async () => {
    const { base, file } = await engineBase();
    rmSync(join(base.path, 'run.py'));
    symlinkSync('current/run.py', join(base.path, 'run.py'));
    expect(versionsIn(await extractWhileFlipping(oldest, base, file))).toEqual(['a', 'b']);
  });

  test("with the interpreter and packages of the release's own environment", () => {
    const base = newBase();
    base.addRelease('a', { 'run.py': 'import sys; print(sys.prefix); print(sys.argv)' });
    base.flip('a');
    spawnSync(oldest, ['-m', 'venv', '--without-pip', join(base.path, 'environments', 'key')]);
    symlinkSync('../../environments/key', base.release('a', '.venv'));
    const { stdout } = spawnSync(oldest, ['run.py', 'x'], { cwd: base.path, encoding: 'utf8' });
    const environment = join(base.path, 'environments', 'key');
    const [used, words] = stdout.split('\n');
    expect(used).toBe(environment);
    expect(['run.py', base.release('a', 'run.py')].map((program) => `['${program}', 'x']`)).toContain(words);
  });
});

const HOLD_LOCK = `
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print('locked', flush=True)
sys.stdin.read()
`;

const TRY_LOCK = `
import fcntl, os, sys
try:
    fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(3)
`;

/** Whether a remover would find the release in use. */
function inUse(release: string): boolean {
  const { status } = spawnSync(oldest, ['-c', TRY_LOCK, release]);
  expect([0, 3]).toContain(status);
  return status === 3;
}

/** Resolves when the process has a release open, which is when it tries to lock it. */
async function opens(pid: number, release: string): Promise<void> {
  const descriptors = `/proc/${pid}/fd`;
  for (let tries = 0; tries < 5000; tries += 1) {
    if (readdirSync(descriptors).some((fd) => leadsTo(join(descriptors, fd), release))) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`process ${pid} never opened ${release}`);
}

function leadsTo(link: string, end: string): boolean {
  try {
    return readlinkSync(link) === end;
  } catch {
    return false;
  }
}

const WAIT = 'import sys; print("ready", flush=True); sys.stdin.read()';
const WAIT_IN_CHILD = `
import os, signal
if os.fork():
    os._exit(0)
signal.alarm(30)
print(os.getpid(), flush=True)
signal.pause()
`;

describe('P4: a release in use is kept', () => {
  test.each(pythons)('by a lease exactly as long as the engine runs (%s)', async (python) => {
    const base = newBase();
    base.addRelease('a', { 'run.py': WAIT });
    base.flip('a');
    expect(inUse(base.release('a'))).toBe(false);
    const { child, lines, closed } = start(python, ['run.py'], base.path);
    await once(lines, 'line');
    expect(inUse(base.release('a'))).toBe(true);
    child.stdin.end();
    await closed;
    expect(inUse(base.release('a'))).toBe(false);
  });

  test('by a lease that ends with the last process the engine forked', async () => {
    const base = newBase();
    base.addRelease('a', { 'run.py': WAIT_IN_CHILD });
    base.flip('a');
    const { child, lines, closed } = start(oldest, ['run.py'], base.path);
    const [, [pid]] = await Promise.all([once(child, 'exit'), once(lines, 'line') as Promise<[string]>]);
    expect(inUse(base.release('a'))).toBe(true);
    process.kill(Number(pid));
    await closed;
    expect(inUse(base.release('a'))).toBe(false);
  });

  test.each(['moved away', 'replaced by another'])(
    'and one %s before the lease is not started',
    async (what) => {
      const base = newBase();
      base.addRelease('a', { 'run.py': 'print("a")' });
      base.addRelease('b', { 'run.py': 'print("b")' });
      base.flip('a');
      const remover = start(oldest, ['-c', HOLD_LOCK, base.release('a')], base.path);
      await once(remover.lines, 'line');
      const { child, output, closed } = start(oldest, ['run.py'], base.path);
      await opens(child.pid!, base.release('a'));
      base.flip('b');
      renameSync(base.release('a'), join(base.path, 'removed'));
      if (what === 'replaced by another') base.addRelease('a', { 'run.py': 'print("not this")' });
      remover.child.stdin.end();
      await Promise.all([closed, remover.closed]);
      expect({ code: child.exitCode, ...output }).toEqual({ code: 0, stdout: 'b\n', stderr: '' });
      expect(inUse(join(base.path, 'removed'))).toBe(false);
    },
  );

  test.each(['ENOLCK', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'])(
    'and where flock gives %s it runs without',
    (code) => {
      const base = newBase();
      base.addRelease('a', { 'run.py': 'print("ran")' });
      base.flip('a');
      const replaced = join(root, code);
      const body = `import errno, fcntl\ndef flock(*_):\n    raise OSError(errno.${code}, 'no locks')\nfcntl.flock = flock\n`;
      new BasePath(replaced).addRelease('x', { 'sitecustomize.py': body });
      const env = { ...process.env, PYTHONPATH: join(replaced, 'releases', 'x') };
      const { stdout, stderr } = spawnSync(oldest, ['run.py'], { cwd: base.path, env, encoding: 'utf8' });
      expect({ stdout, stderr }).toEqual({ stdout: 'ran\n', stderr: '' });
    },
  );
});

describe('without a release to start, it says what is missing and ends with 70', () => {
  const cases: Array<[string, (base: BasePath) => void, string]> = [
    [
      'no current',
      (base) => rmSync(join(base.path, 'current')),
      "/current, the link to the release to run, can't be read",
    ],
    ['a dangling current', (base) => base.flip('gone'), "/current leads to releases/gone, which isn't there"],
    [
      'a release without the entrypoint',
      (base) => rmSync(base.release('a', 'run.py')),
      '/releases/a/run.py is missing',
    ],
    [
      'an environment that is gone',
      (base) => symlinkSync('../../environments/gone', base.release('a', '.venv')),
      '/releases/a/.venv leads to',
    ],
    [
      'an environment without its interpreter',
      (base) => {
        mkdirSync(join(base.path, 'environments', 'empty'), { recursive: true });
        symlinkSync('../../environments/empty', base.release('a', '.venv'));
      },
      "/environments/empty/bin/python can't be started: No such file",
    ],
  ];

  test.each(cases)('%s', (_, damage, message) => {
    const base = newBase();
    base.addRelease('a', { 'run.py': 'print("ran")' });
    base.flip('a');
    damage(base);
    const { status, stdout, stderr } = spawnSync(oldest, ['run.py'], { cwd: base.path, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 70, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('"Get Status"');
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });
});
