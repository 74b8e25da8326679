/** Runs that do what no engine should, and what becomes of whoever supervises them. */
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { RunRequest } from '../../../nodes/shared/run/request';
import { deployTo, openClient, temporaryDirectories } from '../../support/deployment';
import { AS_TEXT, leftOfRuns, runIn } from '../../support/runs';
import { isRunning } from '../../support/startedRuns';
import { thrownBy } from '../../support/thrown';
import { until } from '../../support/until';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let base: string;
let client: ExecutorClient;

beforeAll(async () => {
  base = join(await make(), 'app');
  const source = await make('source');
  await writeTree(source, { 'run.py': 'import os, signal, sys, time\nexec(sys.argv[1])\n' });
  await deployTo(base, source);
  client = await openClient();
});

afterAll(() => client.close());

/** Runs these lines of Python as the engine. */
const does = (
  lines: string | readonly string[],
  changes: Partial<RunRequest> = {},
  over = client,
  more: string[] = [],
) => runIn(over, base, [[lines].flat().join('\n'), ...more], { ...AS_TEXT, ...changes });

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** The engine’s process and its supervisor’s, once the engine has written that it is there. */
async function toldIn(file: string): Promise<{ engine: number; supervisor: number }> {
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
  const engine = Number(readFileSync(file, 'utf8'));
  const stat = readFileSync(`/proc/${engine}/stat`, 'latin1');
  return { engine, supervisor: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
}

const tells = (file: string) => `open(${JSON.stringify(file)}, 'w').write('%d\\n' % os.getpid())`;

test('an output deeper than the stack, with names that are no text, is read as far as paths go, and removed', async () => {
  const files: string[] = [];
  await does(
    [
      'os.chdir(sys.argv[2])',
      'open(b"\\xff.txt", "w").write("1")',
      'open("a.txt", "w").write("2")',
      'os.mkfifo("pipe")',
      'for _ in range(2500):\n  os.mkdir("d")\n  os.chdir("d")',
    ],
    { wanted: { kind: 'files', patterns: ['**'] } },
    client,
    ['{outputDirectory}'],
  ).catch((error: unknown) => error);
  const { output } = (await runIn(client, base, ['print(1)'], AS_TEXT)) as { output: unknown };
  expect([output, files]).toEqual(['1\n', []]);
  expect(leftOfRuns(base)).toEqual([]);
});

test('errors without end are kept in bounds', async () => {
  const told = join(await make(), 'told');
  const running = does([
    'for _ in range(60): sys.stderr.write("x" * 1000000 + "\\n")',
    'sys.stderr.write("the end"); sys.stderr.flush()',
    tells(told),
    'time.sleep(1)',
  ]);
  const { supervisor } = await toldIn(told);
  const peak = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${supervisor}/status`, 'utf8'));
  expect(Number(peak?.[1])).toBeLessThan(60_000);
  expect((await running).stderr).toMatch(/the end$/);
});

test('its timeout holds though whoever should read its output is stopped', async () => {
  const told = join(await make(), 'told');
  const over = await openClient();
  const running = thrownBy(
    does(
      [tells(told), 'while True: print("x" * 10000)'],
      { timeoutSeconds: 2, onOutput: () => undefined },
      over,
    ),
  );
  const { engine } = await toldIn(told);
  process.kill(over.hello.processId, 'SIGSTOP');
  try {
    await until(() => !isRunning(engine), 10_000);
  } finally {
    process.kill(over.hello.processId, 'SIGCONT');
  }
  expect(await running).toMatchObject({ details: { status: 'timedOut' } });
  await over.close();
});

test('one that closes all it has is waited for, and that costs nothing', async () => {
  const told = join(await make(), 'told');
  const running = does([tells(told), 'os.closerange(0, 100)', 'time.sleep(2)', 'os._exit(0)']);
  const { supervisor } = await toldIn(told);
  const ticks = () => {
    const stat = readFileSync(`/proc/${supervisor}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]);
  };
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(ticks() - before).toBeLessThan(20);
  expect(await running).toMatchObject({ status: 'succeeded' });
});

test('what floods its pipe after its end, and heeds nothing, ends too', async () => {
  const { status, output } = await does([
    'print("done", flush=True)',
    'if os.fork() == 0:\n  signal.signal(15, signal.SIG_IGN)\n  while True: os.write(1, b"y" * 65536)',
  ]);
  expect(status).toBe('succeeded');
  expect(String(output)).toMatch(/^done/);
});

test.each([
  ['was stopped', 'os.kill(os.getpid(), signal.SIGSTOP)'],
  [
    'forks and leaves without end',
    'signal.signal(15, signal.SIG_IGN)\nwhile True:\n  if os.fork(): os._exit(0)',
  ],
  [
    'traces itself',
    'import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(60)',
  ],
])('one that %s is ended by its timeout, and nothing of it is left', async (_, lines) => {
  const mark = `mark-${Math.random()}`;
  await does([lines], { timeoutSeconds: 0.5 }, client, [mark]).catch((error: unknown) => error);
  const left = readdirSync('/proc').filter((name) => {
    try {
      return isRunning(Number(name)) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
  expect(left).toEqual([]);
});

test('many runs in one conversation leave no process and no descriptor', async () => {
  const over = await openClient();
  const pid = over.hello.processId;
  const counts = () => [
    childrenOf(pid).length,
    readdirSync(`/proc/${pid}/fd`).length,
    readdirSync(`/proc/${pid}/task`).length,
  ];
  const some = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const kind = index % 3;
      const changes = kind === 1 ? { runKey: `many ${Math.random()}` } : {};
      await does('sys.stdin.read()', { ...changes, ...(kind === 2 && withStdin('x')) }, over);
    }
  };
  await some(3);
  const before = counts();
  await some(45);
  // What ended a moment ago may be on its way.
  // One that leaves something does so each time: fifteen of each kind. A thread more, or a file that is kept open, is no run's.
  await until(() => counts().every((count, at) => count < (before[at] ?? 0) + 5));
  await over.close();
  await until(() => !existsSync(`/proc/${pid}`));
});

const withStdin = (text: string): Partial<RunRequest> => ({
  input: {
    kind: 'content',
    pass: 'stdin',
    name: 'input.txt',
    open: async () =>
      (async function* () {
        yield Buffer.from(text);
      })(),
  },
});

describe('waiting for a slot', () => {
  async function occupied(): Promise<{ free(): void; running: Promise<unknown> }> {
    const told = join(await make(), 'told');
    const running = does([tells(told), `while os.path.exists(${JSON.stringify(told)}): time.sleep(0.01)`], {
      engineLimit: 1,
    });
    await toldIn(told);
    return { free: () => rmSync(told), running };
  }

  const waiting = () => {
    const queue = join(base, '.hot-deploy/runs/slots/queue');
    return readdirSync('/proc').filter((name) => {
      try {
        return readdirSync(`/proc/${name}/fd`).some((fd) => readlinkSync(`/proc/${name}/fd/${fd}`) === queue);
      } catch {
        return false;
      }
    }).length;
  };

  test('whoever is cancelled or goes away leaves the queue at once', async () => {
    const { free, running } = await occupied();
    const stop = new AbortController();
    const [one, other] = [await openClient({ signal: stop.signal }), await openClient()];
    const cancelled = thrownBy(does('print(1)', { engineLimit: 1 }, one));
    await until(() => waiting() === 1);
    const lost = thrownBy(does('print(1)', { engineLimit: 1 }, other));
    await until(() => waiting() === 2);
    process.kill(other.hello.processId, 'SIGKILL');
    await until(() => waiting() === 1, 3000);
    stop.abort();
    await until(() => waiting() === 0, 3000);
    expect(await cancelled).toMatchObject({ code: 'CANCELLED' });
    expect(await lost).toMatchObject({ code: 'LOST' });
    free();
    await running;
    await Promise.all([one.close(), other.close()]);
  });

  test('a run with a key has its input though n8n is gone when its turn comes', async () => {
    const { free, running } = await occupied();
    const over = await openClient();
    const changes = { engineLimit: 1, runKey: 'waits', secrets: { A: 'b' }, secretsOnStdin: true };
    const lines = 'print(len(sys.stdin.read()))';
    const lost = thrownBy(does(lines, changes, over));
    await until(() => waiting() === 1);
    process.kill(over.hello.processId, 'SIGKILL');
    // Though the run goes on.
    expect(await lost).toMatchObject({ code: 'LOST' });
    free();
    await running;
    expect(await does(lines, changes)).toMatchObject({ repeated: true, output: '9\n' });
    await over.close();
  });

  test('P7: what somebody puts into the place of its input meanwhile is not what it reads', async () => {
    const { free, running } = await occupied();
    const secret = join(await make(), 'secret');
    writeFileSync(secret, 'secret');
    const reading = does('print(sys.stdin.read())', { engineLimit: 1, ...withStdin('given') });
    await until(() => waiting() === 1);
    const [run] = leftOfRuns(base);
    const input = join(base, '.hot-deploy/runs', run, 'work/input/input.txt');
    rmSync(input);
    writeFileSync(input, 'secret');
    free();
    await running;
    expect((await reading).output).toBe('given\n');
  });
});

describe('with a key', () => {
  test('the one who only waits for a run may cancel its own waiting, not the run', async () => {
    const told = join(await make(), 'told');
    const lines = [tells(told), 'time.sleep(2)', 'print("whole")'];
    const first = does(lines, { runKey: 'two' });
    await toldIn(told);
    const stop = new AbortController();
    const over = await openClient({ signal: stop.signal });
    const second = thrownBy(does(lines, { runKey: 'two' }, over));
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.abort();
    expect(await second).toMatchObject({ code: 'CANCELLED' });
    expect(await first).toMatchObject({ status: 'succeeded', output: 'whole\n' });
    await over.close();
  });

  test('an outcome that can’t be written is told, and unknown to those who ask later', async () => {
    const changes = { runKey: 'full' };
    const lines = 'os.mkdir(os.path.join(sys.argv[2], "../../stdout")); print(1)';
    const first = await does(lines, changes, client, ['{outputDirectory}']);
    expect(first).toMatchObject({ status: 'succeeded', output: '1\n' });
    const later = await thrownBy(does(lines, changes, client, ['{outputDirectory}']));
    expect(later).toMatchObject({ details: { status: 'unknown' } });
  });

  test.each([
    ['another shape', '{"exitCode": "none"}'],
    ['no JSON', '{'],
    ['a list', '[]'],
  ])('an outcome that somebody forged is unknown: %s', async (name, forged) => {
    const changes = { runKey: `forged ${name}` };
    await does('print(1)', changes);
    const runs = join(base, '.hot-deploy/runs');
    for (const run of readdirSync(runs).filter((each) => each.startsWith('key-'))) {
      if (existsSync(join(runs, run, 'outcome.json'))) writeFileSync(join(runs, run, 'outcome.json'), forged);
    }
    expect(await thrownBy(does('print(1)', changes))).toMatchObject({ details: { status: 'unknown' } });
    expect(await does('print(2)')).toMatchObject({ output: '2\n' });
  });
});

test('its descriptors are its own: three, and the lease of its release', async () => {
  const { output } = await does(
    'print(sorted(os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and os.path.exists("/proc/self/fd/" + fd)))',
    {
      runKey: 'descriptors',
    },
  );
  expect(output).toMatch(/^\['[^']*\/releases\/[^'/]+'(, '\/proc\/\d+\/fd')?\]\n$/);
});
