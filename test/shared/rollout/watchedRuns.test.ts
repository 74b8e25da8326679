/** Runs while their release is watched: they are what they are without, and each is counted once. */
import { type ChildProcess, spawn, spawnSync, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { deployTo, PYTHON, temporaryDirectories } from '../../support/deployment';
import { counted, guardsOf, WATCH, watchedEngine, writtenRollout } from '../../support/guards';
import { drawnNumbers } from '../../support/drawn';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';
import { until } from '../../support/until';

const make = temporaryDirectories();

/** What a run does is told by its first word. */
const DOES = `{
        'exit': lambda: sys.exit(int(words[1])),
        'die': lambda: os.kill(os.getpid(), int(words[1])),
        'echo': lambda: print(sys.stdin.read(), os.getcwd(), file=sys.stdout) or print('err', file=sys.stderr),
        'wait': lambda: (open(words[1], 'w').write(str(os.getpid())), time.sleep(60)),
        'catch': lambda: (signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)), open(words[1], 'w').write('x'), time.sleep(60)),
        'close': lambda: (print('all', flush=True), os.close(1), time.sleep(60)),
        'pid': lambda: print(os.getpid()),
        'descriptors': lambda: print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:3]),
    }[words[0]]()`;

let base: string;

beforeEach(async () => {
  base = await make();
  const [one, two] = [await make('one'), await make('two')];
  await writeTree(one, watchedEngine(DOES));
  await writeTree(two, watchedEngine(`${DOES}  # two`));
  await deployTo(base, one);
  // Failures and good runs by hundreds: it must not be decided.
  await deployTo(base, two, { watch: { ...WATCH, minimumRuns: 5000 } });
});

function start(words: string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(PYTHON, ['run.py', ...words], { cwd: base, stdio: 'ignore', ...options });
}

async function endOf(run: ChildProcess): Promise<[number | null, string | null]> {
  return (await once(run, 'exit')) as [number | null, string | null];
}

/** Keeps the rollout from being decided by failures: only counts matter here. */
async function counts(runs: number) {
  const { candidate, unknown } = await counted(base, runs);
  return { ...candidate, unknown };
}

test('exit code, signal, streams and working directory are the program’s own', async () => {
  expect(await endOf(start(['exit', '5']))).toEqual([5, null]);
  expect(await endOf(start(['die', '9']))).toEqual([null, 'SIGKILL']);
  expect(await endOf(start(['exit', '0']))).toEqual([0, null]);
  const echo = spawnSync(PYTHON, ['run.py', 'echo'], { cwd: base, input: 'in', encoding: 'utf8' });
  expect([echo.stdout, echo.stderr, echo.status]).toEqual([`in ${base}\n`, 'err\n', 0]);
  expect(await counts(4)).toEqual({ runs: 4, failed: 2, unknown: 0 });
});

test('whoever ends the launcher ends the program: TERM as it takes it, KILL at once', async () => {
  const started = join(base, 'started');
  const caught = start(['catch', started]);
  await until(() => existsSync(started) && readFileSync(started, 'utf8') !== '');
  caught.kill('SIGTERM');
  expect(await endOf(caught)).toEqual([7, null]);
  rmSync(started);

  const killed = start(['wait', started]);
  await until(() => existsSync(started) && readFileSync(started, 'utf8') !== '');
  const program = Number(readFileSync(started, 'utf8'));
  expect(program).not.toBe(killed.pid);
  killed.kill('SIGKILL');
  expect(await endOf(killed)).toEqual([null, 'SIGKILL']);
  await until(() => !existsSync(`/proc/${program}/exe`), 1_000);
  expect(await counts(2)).toMatchObject({ failed: 2 });
});

test('what somebody stopped says nothing of the release', async () => {
  const started = join(base, 'started');
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const run = start(['wait', started]);
    await until(() => existsSync(started) && readFileSync(started, 'utf8') !== '');
    run.kill(signal);
    // Python ends by an interrupt as a shell expects it.
    expect((await endOf(run))[1]).toBe(signal);
    rmSync(started);
  }
  await until(() => writtenRollout(base).unknown === 3);
  expect(writtenRollout(base).candidate).toEqual({ runs: 0, failed: 0 });
});

/** Starts a run as a shell with job control does, stops it as Ctrl-Z would, and lets it go on. */
const JOB = `
import os, signal, sys, time
os.setsid()
started = sys.argv[1]
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.execv(sys.executable, [sys.executable, 'run.py', 'wait', started])
def program():
    while not (os.path.exists(started) and open(started).read()):
        time.sleep(0.01)
    return int(open(started).read())
def state(pid):
    return open('/proc/%d/stat' % pid).read().rsplit(') ', 1)[1][0]
inner = program()
os.kill(pid, signal.SIGTSTP)
print(os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]), inner != pid, state(inner), flush=True)
os.kill(pid, signal.SIGCONT)
while state(inner) == 'T' or state(pid) == 'T':
    time.sleep(0.01)
# Somebody stops the program alone: the launcher goes on waiting, and ends with it.
os.kill(inner, signal.SIGSTOP)
while state(inner) != 'T':
    time.sleep(0.01)
os.kill(inner, signal.SIGCONT)
os.kill(inner, signal.SIGKILL)
print(os.WTERMSIG(os.waitpid(pid, 0)[1]))
`;

test('a stopped launcher stops the program, and goes on with it', () => {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', JOB, join(base, 'started')], {
    cwd: base,
    encoding: 'utf8',
  });
  expect([stdout, stderr]).toEqual(['True True T\n9\n', '']);
});

test('whoever reads what the program writes waits for nobody else', async () => {
  // It says that it has put out everything, and goes on.
  const closing = start(['close'], { stdio: ['ignore', 'pipe', 'inherit'] });
  expect(await text(closing.stdout as NonNullable<typeof closing.stdout>)).toBe('all\n');
  expect(closing.exitCode).toBeNull();
  closing.kill('SIGKILL');
  const words = [
    '-c',
    'import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))',
    PYTHON,
    'run.py',
    'pid',
  ];
  const run = spawn(PYTHON, words, { cwd: base, stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await Promise.all([text(run.stdout), endOf(run)]);
  expect(printed).toMatch(/^\d+\n$/);
  const { stdout } = spawnSync(PYTHON, ['run.py', 'descriptors'], { cwd: base, encoding: 'utf8' });
  expect(stdout).toBe('[0, 1, 2]\n');
});

test('each of many runs is counted once, one in ten of them killed', async () => {
  const many = size(60, 1000);
  const draws = drawnNumbers(10, many);
  let failed = 0;
  const next = draws.values();
  const worker = async () => {
    for (const drawn of next) {
      if (drawn === 0) failed += 1;
      await endOf(start(drawn === 0 ? ['die', '9'] : ['exit', '0']));
    }
  };
  await Promise.all([1, 2, 3, 4, 5, 6].map(worker));
  expect(await counts(many)).toEqual({ runs: many, failed, unknown: 0 });
});

test('a socket that hangs, or lies, or a file in its place holds nobody up', async () => {
  const place = join(base, '.hot-deploy/guard.sock');
  for (const pid of guardsOf(base)) process.kill(pid, 'SIGKILL');
  await until(() => guardsOf(base).length === 0);
  const once = () => {
    const started = performance.now();
    const { status } = spawnSync(PYTHON, ['run.py', 'exit', '6'], { cwd: base });
    return [status, performance.now() - started < 5_000];
  };
  // Nobody listens any more.
  expect(once()).toEqual([6, true]);
  rmSync(place);
  writeFileSync(place, '');
  expect(once()).toEqual([6, true]);
  rmSync(place);
  const liar = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end('{"release":"../../etc","code":0}\n'),
  );
  await new Promise<void>((resolve) => liar.listen(place, resolve));
  expect(await endOf(start(['exit', '6']))).toEqual([6, null]);
  await new Promise((resolve) => liar.close(resolve));
});

test('without a guard the process is the program', async () => {
  for (const pid of guardsOf(base)) process.kill(pid, 'SIGKILL');
  await until(() => guardsOf(base).length === 0);
  rmSync(join(base, '.hot-deploy/guard.sock'));
  const run = start(['pid'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await Promise.all([text(run.stdout as NonNullable<typeof run.stdout>), endOf(run)]);
  expect(Number(printed)).toBe(run.pid);
});
