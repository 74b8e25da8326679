import type { ReleaseId } from '../../../nodes/shared/contract/names';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunResult } from '../../../nodes/shared/contract/facts';
import type { ArgumentsOf } from '../../../nodes/shared/contract/verbs';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { bring, isRunning, lock, processEnd } from '../../support/conversation';
import { openClient, temporaryDirectories } from '../../support/deployment';
import { thrownBy } from '../../support/thrown';
import { asReleaseId } from '../../support/named';

const make = temporaryDirectories();
const HEAD = 8 * 1024;
const TAIL = 24 * 1024;

let client: ExecutorClient;
let release: ReleaseId;
let basePath: string;

beforeAll(async () => {
  basePath = await make();
  client = await openClient();
  await lock(client, basePath);
  release = await bring(client, basePath, { 'run.py': 'print(1)\n', 'src/helper.py': 'ANSWER = 42\n' });
});

afterAll(() => client.close());

function python(code: string, changes: Partial<ArgumentsOf<'run'>> = {}): Promise<RunResult> {
  return client.call('run', {
    release,
    kind: 'python',
    code,
    timeoutSeconds: 20,
    ...changes,
  } as ArgumentsOf<'run'>);
}

function command(line: string, changes: Partial<ArgumentsOf<'run'>> = {}): Promise<RunResult> {
  const args = { release, kind: 'command', command: line, timeoutSeconds: 20, ...changes };
  return client.call('run', args as ArgumentsOf<'run'>);
}

describe('output', () => {
  it('is kept whole up to 32 KiB', async () => {
    const text = `${'é'.repeat(5_000)}${'x'.repeat(HEAD + TAIL - 10_001)}\n`;
    const { output, omittedBytes } = await python(`print('é' * 5_000 + 'x' * ${HEAD + TAIL - 10_001})`);
    expect({ same: output === text, omittedBytes }).toEqual({ same: true, omittedBytes: 0 });
  });

  it('P8: of a longer one the first 8 KiB and the last 24 KiB are kept, in their order', async () => {
    const { output, omittedBytes } = await python("for n in range(300_000): print('%08d' % n)");
    const all = 300_000 * 9;
    expect(omittedBytes).toBe(all - HEAD - TAIL);
    const [head, tail] = output.split(`\n[${omittedBytes} bytes left out]\n`);
    expect([head.length, tail.length]).toEqual([HEAD, TAIL]);
    expect(head.startsWith('00000000\n00000001\n')).toBe(true);
    expect(tail.endsWith('00299998\n00299999\n')).toBe(true);
  });

  it('both streams come in the order in which they were written, as they come', async () => {
    const pieces: string[] = [];
    const code = [
      'import sys, time',
      "for n in range(3): print('out', n, flush=True); print('err', n, file=sys.stderr, flush=True)",
    ].join('\n');
    const { output } = await client.call(
      'run',
      { release: asReleaseId(release), kind: 'python', code, timeoutSeconds: 20 },
      { onOutput: (text) => pieces.push(text) },
    );
    expect(output).toBe('out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n');
    expect(pieces.join('')).toBe(output);
  });

  it('bytes that are no UTF-8 are replaced, and characters stay whole while they stream', async () => {
    const pieces: string[] = [];
    const code = [
      'import os, time',
      "os.write(1, b'\\xff\\xfe|'); os.write(1, b'\\xf0\\x9f'); time.sleep(0.2); os.write(1, b'\\x98\\x80')",
    ].join('\n');
    const { output } = await client.call(
      'run',
      { release: asReleaseId(release), kind: 'python', code, timeoutSeconds: 20 },
      { onOutput: (text) => pieces.push(text) },
    );
    expect(output).toBe('\ufffd\ufffd|\u{1f600}');
    expect(pieces.join('')).toBe(output);
  });
});

describe('time', () => {
  it('a program that is asked to end at its time limit may end by itself', async () => {
    const code = [
      'import signal, sys, time',
      'signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))',
      'time.sleep(60)',
    ].join('\n');
    const result = await python(code, { timeoutSeconds: 0.5 });
    expect(result).toMatchObject({ passed: false, timedOut: true, exitCode: 7, signal: null });
  });

  it('one that ignores it is killed two seconds later, with what it started', async () => {
    const code = [
      'import os, signal, subprocess, sys, time',
      'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
      "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
      'print(os.getpid(), child.pid)',
      'time.sleep(60)',
    ].join('\n');
    const result = await python(code, { timeoutSeconds: 0.7 });
    expect(result).toMatchObject({ passed: false, timedOut: true, exitCode: null, signal: 'SIGKILL' });
    expect(result.durationMs).toBeGreaterThanOrEqual(2700);
    for (const processId of result.output.trim().split(' ').map(Number)) await processEnd(processId);
  });

  it('a check that passes at the last moment but hangs does not count as passed', async () => {
    const code =
      'import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\ntime.sleep(60)';
    expect(await python(code, { timeoutSeconds: 0.5 })).toMatchObject({
      passed: false,
      exitCode: 0,
      timedOut: true,
    });
  });

  it.each([
    ['silent', 'import time; time.sleep(60)'],
    ['writing on and on', "while True: print('x' * 1000)"],
  ])('a grandchild that stays is no reason to wait, and is ended (%s)', async (_name, grandchild) => {
    const code = [
      'import os, subprocess, sys, time',
      `child = subprocess.Popen([sys.executable, '-c', ${JSON.stringify(grandchild)}])`,
      "print('<%d>' % child.pid, flush=True)",
    ].join('\n');
    const result = await python(code);
    expect(result).toMatchObject({ passed: true, timedOut: false, exitCode: 0 });
    expect(result.durationMs).toBeLessThan(5000);
    const processId = Number(/<(\d+)>/.exec(result.output)?.[1]);
    await processEnd(processId);
    expect(isRunning(processId)).toBe(false);
  });

  it('a program that closes its output is waited for', async () => {
    const code = 'import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(4)';
    const result = await python(code);
    expect(result).toMatchObject({ exitCode: 4, timedOut: false, output: '' });
    expect(result.durationMs).toBeGreaterThanOrEqual(300);
  });
});

describe('how a program ends', () => {
  it.each([0, 1, 2, 127, 255])('exit code %i', async (exitCode) => {
    const result = await python(`raise SystemExit(${exitCode})`);
    expect(result).toMatchObject({ passed: exitCode === 0, exitCode, signal: null, timedOut: false });
  });

  it.each(['SIGKILL', 'SIGSEGV', 'SIGTERM', 'SIGUSR1'])('%s is named', async (signal) => {
    const result = await python(`import os, signal; os.kill(os.getpid(), signal.${signal})`);
    expect(result).toMatchObject({ passed: false, exitCode: null, signal, timedOut: false });
  });

  it('a real-time signal has a number', async () => {
    const result = await python('import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 3)');
    expect(result).toMatchObject({
      passed: false,
      exitCode: null,
      signal: expect.stringMatching(/^signal \d+$/),
    });
  });
});

describe('how a program starts', () => {
  it('in the release, with src importable, nothing to read, and in a session of its own', async () => {
    const code = [
      'import helper, json, os, sys',
      'print(json.dumps([os.getcwd(), helper.ANSWER, sys.stdin.read(), os.getpid() == os.getsid(0), sys.argv]))',
    ].join('\n');
    const { output } = await python(code);
    expect(JSON.parse(output)).toEqual([join(basePath, 'releases', release), 42, '', true, ['-']]);
    expect(await command('cat')).toMatchObject({ passed: true, output: '' });
  });

  it('P7: a command is split like a shell would and run without one', async () => {
    const { output } = await command(
      `python -c "import sys; print(sys.argv[1:])" '$(id)' ";" a\\ b "it's" '*' \`id\``,
    );
    expect(output).toBe(`['$(id)', ';', 'a b', "it's", '*', '\`id\`']\n`);
  });

  it('with the environment that the check adds', async () => {
    const environment = { ANSWER: '4 2\n$HOME', PATH_LIKE: '' };
    const code =
      "import os; print([os.environ[name] for name in ('ANSWER', 'PATH_LIKE', 'HOT_DEPLOY_RELEASE')])";
    const { output } = await python(code, { environment });
    expect(output).toBe(`['4 2\\n$HOME', '', '${join(basePath, 'releases', release)}']\n`);
  });

  it('P7: neither code nor input shows in the list of processes', async () => {
    const code = [
      'import pathlib',
      "lines = pathlib.Path('/proc/self/cmdline').read_bytes() + pathlib.Path('/proc/%d/cmdline' % __import__('os').getppid()).read_bytes()",
      "print(b'sec' + b'ret' in lines)",
      '# secret',
    ].join('\n');
    expect((await python(code)).output).toBe('False\n');
  });

  it('with a megabyte of code', async () => {
    const code = `text = '''${'0123456789abcde\n'.repeat(65_536)}'''\nprint(len(text))`;
    expect(await python(code)).toMatchObject({ passed: true, output: '1048576\n' });
  });

  it.each([
    ['no-such-program --version', "no-such-program can't be started: No such file or directory"],
    ['./run.py', "./run.py can't be started: Permission denied"],
    ['./run.py/x', "./run.py/x can't be started: Not a directory"],
  ])('one that is not there is said to be so: %s', async (line, output) => {
    expect(await command(line)).toMatchObject({ passed: false, exitCode: null, signal: null, output });
  });

  it('one that the kernel does not take is said to be so', async () => {
    const file = join(basePath, 'no-program');
    writeFileSync(file, 'no program', { mode: 0o755 });
    expect((await command(file)).output).toBe(`${file} can't be started: Exec format error`);
  });

  it.each([
    [{ 'A=B': 'x' }, /can't be started: illegal environment variable name/],
    [{ A: 'x\0y' }, /can't be started: embedded null byte/],
  ])('an environment that nobody can have is said to be so: %j', async (environment, output) => {
    expect(await command('true', { environment })).toMatchObject({
      passed: false,
      output: expect.stringMatching(output),
    });
  });

  it.each([
    ['', 'A check of type Command has no command. Give one, such as: python run.py --version'],
    ["python 'run.py", `Command "python 'run.py" can't be split into arguments: No closing quotation.`],
  ])('a command that is none is refused: %j', async (line, message) => {
    expect(await thrownBy(command(line))).toMatchObject({ code: 'INPUT', message });
  });

  it('a release that is not there is refused as such', async () => {
    const missing = asReleaseId('20200101-000000-0000000');
    expect(await thrownBy(command('true', { release: missing }))).toMatchObject({
      code: 'NOT_FOUND',
      message: `Release ${missing} is not kept here. List the releases to see which are.`,
    });
  });
});
