import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Check } from '../../../nodes/shared/release/checks';
import {
  checkOf,
  deployTo,
  engineVersions,
  type Outcome,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { seenThrough } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
let base: string, v1: string, v2: string;

beforeAll(async () => {
  [v1, v2] = await engineVersions(make, 'base', 'v2');
  base = await make();
  await deployTo(base, v1);
});

const CLASSIC = checkOf({
  type: 'python',
  name: 'import check',
  code: `from extractor import EvidenceExtractor
e = EvidenceExtractor('config/default_config.json')
assert len(e.blocks) == 6`,
  environment: { ANTHROPIC_API_KEY: 'test-key' },
});

/** Deploys `source` with one check, to be thrown away again if it passes. */
async function refused(source: string, ...checks: Check[]): Promise<Awaited<ReturnType<typeof thrownBy>>> {
  const before = seenThrough(base);
  const error = await thrownBy(deployTo(base, source, { checks, deployUnchanged: true }));
  expect(seenThrough(base)).toEqual(before);
  expect(error.code).toBe('CHECK');
  return error;
}

async function passed(...checks: Check[]): Promise<Outcome> {
  return deployTo(base, v1, { checks, deployUnchanged: true });
}

test('the classic check passes on a good version, before and after the switch', async () => {
  const { checks } = await passed({ ...CLASSIC, when: 'both' });
  expect(checks.map(({ name, when, passed: went }) => [name, when, went])).toEqual([
    ['Python files compile', 'before', true],
    ['JSON files are well-formed', 'before', true],
    ['import check', 'before', true],
    ['import check', 'after', true],
  ]);
});

test.each([
  ['fails-check', 'AssertionError'],
  ['broken-import', "ModuleNotFoundError: No module named 'clause_model'"],
])('the classic check does not pass on %s, and its own words come first', async (version, raised) => {
  const [source] = await engineVersions(make, version);
  const error = await refused(source, CLASSIC);
  expect(error.message).toContain(
    `Check “import check” did not pass before the switch: ${raised} (exit code 1). Release`,
  );
  expect(error.description).toContain(raised);
});

test.each([
  ['broken-syntax', 'Python files compile', /src\/extractor\.py, line \d+/],
  ['broken-config', 'JSON files are well-formed', /config\/default_config\.json/],
])('%s is refused even when no check is listed', async (version, name, reason) => {
  const [source] = await engineVersions(make, version);
  const error = await refused(source);
  expect(error.message).toContain(`Check “${name}” did not pass before the switch`);
  expect(error.message).toMatch(reason);
});

test('a check sees the release, its interpreter and its environment, and nothing of ours', async () => {
  const code = `import os, sys
print(os.getcwd() == os.environ['HOT_DEPLOY_RELEASE'], sys.path[1] == os.path.join(os.getcwd(), 'src'))
print(os.environ['SETTING'], len(os.listdir('/proc/self/fd')), sys.stdin.read() == '')`;
  const check = checkOf({ type: 'python', code, environment: { SETTING: 'with space & $HOME' } });
  const { checks } = await passed(check);
  expect(checks.at(-1)?.output).toBe('True True\nwith space & $HOME 4 True\n');
});

test('a command runs without a shell, split like one would', async () => {
  const { checks } = await passed(
    checkOf({ command: `python -c 'import sys; print(sys.argv[1:])' "a b" '$HOME;' c\\ d *` }),
  );
  expect(checks.at(-1)?.output).toBe(`['a b', '$HOME;', 'c d', '*']\n`);
});

const REFUSED: Array<[string, Partial<Check>, RegExp]> = [
  ['ends with a code', { command: 'python -c "exit(7)"' }, /exit code 7/],
  ['is ended by a signal', { command: 'python -c "import os; os.abort()"' }, /ended by SIGABRT/],
  ['takes too long', { command: 'sleep 30', timeoutSeconds: 0.3 }, /no end within 0.3 s/],
  [
    'ignores being asked to end',
    { command: `sh -c 'trap "" TERM; sleep 30'`, timeoutSeconds: 0.3 },
    /no end/,
  ],
  ['is no program', { command: 'no-such-program' }, /not started/],
];

test.each(REFUSED)('P5: a check that %s is reported as that', async (_, changes, reason) => {
  expect((await refused(v2, checkOf(changes))).message).toMatch(reason);
});

test.each(['', '"unclosed'])('a command that can not be run, %j, is refused', async (command) => {
  const error = await thrownBy(deployTo(base, v2, { checks: [checkOf({ command })] }));
  expect(error.code).toBe('INPUT');
});

test('a check after the switch sees the new release live', async () => {
  const code = `import os
live = os.path.realpath(os.path.join(os.environ['HOT_DEPLOY_RELEASE'], '..', '..', 'current'))
print(live == os.environ['HOT_DEPLOY_RELEASE'])`;
  const { checks } = await passed(checkOf({ type: 'python', when: 'both', code }));
  expect(checks.filter(({ type }) => type === 'python').map(({ output }) => output)).toEqual([
    'False\n',
    'True\n',
  ]);
});

test('checks run one after the other, and none after the first that does not pass', async () => {
  const error = await refused(
    v2,
    checkOf({ name: 'one' }),
    checkOf({ name: 'two', command: 'false' }),
    checkOf({ name: 'three' }),
  );
  const results = error.details.checks as Outcome['checks'];
  expect(results.map(({ name, passed: went }) => [name, went])).toEqual([
    ['Python files compile', true],
    ['JSON files are well-formed', true],
    ['one', true],
    ['two', false],
  ]);
});

test('P8: what a check prints is cut in the middle, and it says how much was left out', async () => {
  const { checks } = await passed(
    checkOf({ command: `python -c "print('begin' + 'x' * 100000 + 'end', end='')"` }),
  );
  const output = checks.at(-1)?.output ?? '';
  expect(output).toMatch(/^begin/);
  expect(output).toMatch(/end$/);
  expect(output).toContain(`[${100_008 - 32 * 1024} bytes left out]`);
});

test('P8: a check that prints 50 MB is neither kept in memory nor sent over', async () => {
  const { checks, stats } = await passed(
    checkOf({ command: `python -c "import sys; [sys.stdout.write('x' * 1048576) for _ in range(50)]"` }),
  );
  expect(checks.at(-1)?.output.length).toBeLessThan(33 * 1024);
  expect(stats.bytesReceived).toBeLessThan(5_000_000);
});

test('text that is cut between two reads arrives whole', async () => {
  let streamed = '';
  const code = 'import sys\nsys.stdout.write("€" * 50000)';
  await deployTo(base, v1, {
    deployUnchanged: true,
    checks: [checkOf({ type: 'python', code })],
    onStep: ({ phase, text }) => (phase === 'output' ? (streamed += text) : undefined),
  });
  expect(streamed).not.toContain('\uFFFD');
  expect(streamed.length).toBeGreaterThan(1_000);
});

test.each([
  ['keeps the output open', 'time.sleep(60)'],
  ['goes on printing', 'while True: print("noise", flush=True)'],
])('P5: a check whose child %s ends when it ends, and takes the child along', async (_, does) => {
  const file = join(await make('child'), 'pid');
  const child = `import time\n${does}`;
  const code = `import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', ${JSON.stringify(child)}])
open(${JSON.stringify(file)}, 'w').write(str(child.pid))`;
  const { checks } = await passed(checkOf({ type: 'python', code, timeoutSeconds: 30 }));
  expect(checks.at(-1)).toMatchObject({ passed: true });
  expect(checks.at(-1)?.durationMs).toBeLessThan(10_000);
  const pid = Number(readFileSync(file, 'utf8'));
  expect(isRunning(pid)).toBe(false);
});

/** Whether a process runs; one that has ended and was not waited for does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('json files with a byte order mark are well-formed', async () => {
  const [source] = await engineVersions(make, 'base');
  await writeFile(join(source, 'config/extra.json'), '\uFEFF{}');
  expect((await deployTo(base, source)).status).toBe('deployed');
});

test('one file is counted as one, several as several', async () => {
  const [one, source] = [await make('one'), await make('small')];
  const write = (name: string, content: string) => writeFile(join(source, name), content);
  const selection = { include: ['*.py', '*.json'], exclude: [] };
  const outputs = ({ checks }: Pick<Outcome, 'checks'>) => checks.map(({ output }) => output);
  await write('run.py', 'print(1)');
  await write('a.json', '{}');
  expect(outputs(await deployTo(one, source, { selection }))).toEqual([
    '1 file compiled, 0 carried over.',
    '1 JSON file is well-formed.',
  ]);
  await write('other.py', '');
  await write('run.py', 'print(2)');
  await write('b.json', '{}');
  expect(outputs(await deployTo(one, source, { selection }))).toEqual([
    '2 files compiled, 0 carried over.',
    '2 JSON files are well-formed.',
  ]);
  expect(outputs(await rollBackTo(one, { target: 'previous' }))).toEqual([
    '1 file compiles.',
    '1 JSON file is well-formed.',
  ]);
  expect(outputs(await rollBackTo(one, { target: 'previous' }))).toEqual([
    '2 files compile.',
    '2 JSON files are well-formed.',
  ]);
});

describe('a template that is no Python yet, and JSON with comments', () => {
  const odd = {
    'run.py': 'import json\nprint(open("config/settings.json").read()[:2])\n',
    'src/new_{{ name }}.py': 'import {{ name }}\n',
    'config/settings.json': '// tolerated\n{"a": 1}\n',
  };
  const leaving = [
    checkOf({ type: 'compile', name: 'compiles', leaveOut: ['src/new_*.py'] }),
    checkOf({ type: 'json', name: 'is JSON', leaveOut: ['config/settings.json'] }),
  ];
  const odds = (more = {}) => tree({ ...odd, ...more });

  async function tree(files: Record<string, string>): Promise<string> {
    const directory = await make();
    await writeTree(directory, files);
    return directory;
  }

  test('are refused, and deployed where the checks leave them out', async () => {
    const engine = await make();
    expect((await thrownBy(deployTo(engine, await odds()))).message).toContain('Python files compile');
    const only = await thrownBy(deployTo(engine, await odds(), { checks: leaving.slice(0, 1) }));
    expect(only.message).toContain('JSON files are well-formed');
    const { checks } = await deployTo(engine, await odds(), { checks: leaving });
    expect(checks.map(({ name, passed: went }) => [name, went])).toEqual([
      ['compiles', true],
      ['is JSON', true],
    ]);
    expect(readFileSync(join(engine, 'src/new_{{ name }}.py'), 'utf8')).toBe('import {{ name }}\n');
    const broken = await odds({ 'src/a.py': 'def\n' });
    expect((await thrownBy(deployTo(engine, broken, { checks: leaving }))).message).toContain('“compiles”');
  });

  test('are remembered by the release: going back to it, and to a backup of it, needs no check that says so', async () => {
    const engine = await make();
    const { release } = await deployTo(engine, await odds(), { checks: leaving });
    const { backup } = await deployTo(engine, await odds({ 'src/b.py': '' }), { checks: leaving });
    await rollBackTo(engine, { target: 'release', release });
    await rollBackTo(engine, { target: 'backup', backup: String(backup) });
    expect(readFileSync(join(engine, 'config/settings.json'), 'utf8')).toContain('tolerated');
  });

  test('all of a kind can be left out', async () => {
    const all = [checkOf({ type: 'compile', leaveOut: ['**'] }), checkOf({ type: 'json', leaveOut: ['**'] })];
    expect(await deployTo(await make(), await odds(), { checks: all })).toMatchObject({ status: 'deployed' });
  });
});
