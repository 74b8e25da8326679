import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

import { BasePath } from '../../support/base-path';
import { availablePythons } from '../../support/pythons';

const pythons = availablePythons();
const [oldest] = pythons;
let root: string;
let described: BasePath;
let commands: BasePath;

/** Prints everything a process has from its caller. */
const DESCRIBE = `
import json, os, signal, sys
def stream(s):
    return s and [s.encoding, s.errors, s.write_through, s.isatty()]
def of_code(name, value):
    return name == 'HOT_DEPLOY_PINNED' or (name == 'PYTHONPATH' and value.endswith('/.hot-deploy/code'))
def is_open(number):
    try:
        return bool(os.fstat(number))
    except OSError:
        return False
print(json.dumps({
    'arguments': sys.argv[1:],
    'cwd': os.getcwd(),
    'environment': {name: value for name, value in sorted(os.environ.items()) if not of_code(name, value)},
    'executable': sys.executable,
    'flags': list(sys.flags),
    'options': [sys._xoptions, sys.warnoptions],
    'process': [os.getppid(), os.umask(0), os.getpgid(0), os.nice(0)],
    'signals': [str(signal.getsignal(number)) for number in (1, 2, 13, 15, 25)],
    'streams': [stream(sys.stdin), stream(sys.stdout), stream(sys.stderr)],
    'open': [is_open(number) for number in (0, 1, 2)],
}))
`;

const COMMANDS = `
import os, signal, sys, time
command = sys.argv[1]
if command == 'exit':
    sys.exit(int(sys.argv[2]))
if command == 'copy':
    sys.stdout.buffer.write(sys.stdin.buffer.read())
    sys.stderr.buffer.write(bytes(range(256)))
if command == 'handle':
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: os._exit(100 + number))
if command in ('handle', 'wait'):
    print(os.getpid(), flush=True)
    while True:
        # Not signal.pause(): a signal that comes just before it would be handled after it, which is never.
        time.sleep(0.01)
`;

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-test-')));
  described = newBase('described', DESCRIBE);
  commands = newBase('commands', COMMANDS);
});

afterAll(() => rmSync(root, { recursive: true }));

function newBase(name: string, program: string): BasePath {
  const made = new BasePath(join(root, name));
  made.addRelease('a', { 'run.py': program });
  made.flip('a');
  return made;
}

function run(program: string, args: string[], cwd: string, env = process.env) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    timeout: 30_000,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe("what the engine gets is the caller's own", () => {
  /** The release that runs is told to all that is started: whoever has closed the lease is known by it. */
  const told = () => ({ HOT_DEPLOY_RELEASE: described.release('a') });

  function compare(python: string, launched: string[], direct: string[], env: NodeJS.ProcessEnv): void {
    const through = run(python, launched, described.path, env);
    const without = run(python, direct, described.path, { ...env, ...told() });
    expect({ launched, ...through }).toEqual({ launched, ...without });
    expect(JSON.parse(through.stdout)).toMatchObject({ arguments: ['x'], cwd: described.path });
  }

  test.each(pythons)('interpreter options, also as a module (%s)', (python) => {
    const program = described.release('a', 'run.py');
    const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' };
    const table = [
      ['-I'],
      ['-S'],
      ['-u'],
      ['-X', 'utf8'],
      ['-Xutf8=0'],
      ['-W', 'error'],
      ['-Wignore', '-bOE'],
      ['-Es', '--'],
    ];
    for (const options of table)
      compare(python, [...options, 'run.py', 'x'], [...options, program, 'x'], env);
    compare(python, ['-m', 'run', 'x'], [program, 'x'], env);
    compare(python, ['-mrun', 'x'], [program, 'x'], env);
    compare(python, ['-um', 'run', 'x'], ['-u', program, 'x'], env);
    compare(
      python,
      ['-X', 'utf8', '-Wdefault', '-Bmrun', 'x'],
      ['-X', 'utf8', '-Wdefault', '-B', program, 'x'],
      env,
    );
    const inside =
      "import runpy, sys; sys.argv = ['run.py', 'x']; runpy.run_path('run.py', run_name='__main__')";
    compare(python, ['-c', inside], [program, 'x'], env);
  });

  test.each(pythons)('environment and encodings, in every locale (%s)', (python) => {
    const locales = [
      {},
      { LANG: 'C' },
      { LC_CTYPE: 'C' },
      { LC_CTYPE: 'C.UTF-8' },
      { LC_ALL: 'POSIX' },
      { PYTHONUTF8: '1' },
    ];
    for (const locale of locales) {
      compare(python, ['run.py', 'x'], [described.release('a', 'run.py'), 'x'], {
        ...locale,
        A: '1=2',
        B: '',
      });
    }
  });

  test('signals that are ignored and streams that are closed stay so', () => {
    for (const redirection of ['<&-', '2>&-', '<&- 2>&-']) {
      const script = `trap '' HUP INT; "$0" "$1" x ${redirection}`;
      const through = run('sh', ['-c', script, oldest, 'run.py'], described.path);
      const direct = ['-c', script, oldest, described.release('a', 'run.py')];
      const without = run('sh', direct, described.path, { ...process.env, ...told() });
      const shown = (output: string) => ({ ...(JSON.parse(output) as object), process: [] });
      expect(shown(through.stdout)).toEqual(shown(without.stdout));
    }
  });

  test('exit codes, and binary input and output', () => {
    for (const code of [0, 1, 2, 70, 255]) {
      expect(run(oldest, ['run.py', 'exit', String(code)], commands.path).status).toBe(code);
    }
    const input = randomBytes(3_000_000);
    const options = { cwd: commands.path, input, maxBuffer: 8_000_000 };
    const { status, stdout, stderr } = spawnSync(oldest, ['run.py', 'copy'], options);
    expect(status).toBe(0);
    expect(stdout.equals(input)).toBe(true);
    expect(stderr).toEqual(Buffer.from(Array.from({ length: 256 }, (_, index) => index)));
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s reaches the engine, which has the process id',
    async (signal) => {
      for (const command of ['handle', 'wait']) {
        const child = spawn(oldest, ['run.py', command], { cwd: commands.path });
        try {
          const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
          expect(Number(chunk.toString())).toBe(child.pid);
          child.kill(signal);
          await once(child, 'close');
          if (command === 'handle') expect(child.exitCode).toBe(100 + constants.signals[signal]);
          else expect(child.signalCode).toBe(signal);
        } finally {
          child.kill('SIGKILL');
        }
      }
    },
  );
});
