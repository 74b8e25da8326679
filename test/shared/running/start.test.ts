/** What is started, with which arguments, of which release: arguments as a list (1f.1), and what is started (1f.2). */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { StartKind } from '../../../nodes/shared/run/request';
import { deployTo, openClient, temporaryDirectories } from '../../support/deployment';
import { asReleaseId } from '../../support/named';
import { fuzz } from '../../support/fuzz';
import { availablePythons } from '../../support/pythons';
import { AS_TEXT, leftOfRuns, obedientEngine, runIn } from '../../support/runs';
import { size } from '../../support/size';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(300_000);
const make = temporaryDirectories();
const INCLUDE = {
  selection: { include: ['src', 'scripts', 'config', 'run.py', 'requirements.txt'], exclude: [] },
};
let plain: string;
let base: string;
let first: string;
let second: string;
let client: ExecutorClient;

beforeAll(async () => {
  plain = join(await make(), 'app');
  mkdirSync(plain);
  await writeTree(plain, obedientEngine('plain'));
  base = join(await make(), 'app');
  for (const version of ['one', 'two']) {
    const source = await make(version);
    await writeTree(source, obedientEngine(version));
    const { release } = await deployTo(base, source, INCLUDE);
    if (version === 'one') first = release;
    else second = release;
  }
  client = await openClient();
});

afterAll(() => client.close());

test('the live release is run, pinned in place, and says so', async () => {
  const result = await runIn(client, base, ['say', 'a b']);
  expect(result).toMatchObject({
    status: 'succeeded',
    release: second,
    exitCode: 0,
    signal: null,
    attempts: 1,
    pinning: 'place',
    host: 'localhost',
    basePath: base,
    runKey: null,
    output: { version: 'two', data: 'two', release: second, words: ['a b'], cwd: base },
    stderr: '',
  });
  expect(result.durationMs).toBeGreaterThan(0);
  expect(result.cpuMs).toBeGreaterThan(0);
  expect(result.peakMemoryMb).toBeGreaterThan(1);
});

test('a kept release that is not live is run without a switch', async () => {
  const result = await runIn(client, base, ['say'], { release: asReleaseId(first) });
  expect(result).toMatchObject({ release: first, pinning: 'place', output: { version: 'one', data: 'one' } });
  expect(await runIn(client, base)).toMatchObject({ release: second });
});

test('a release that is not kept is refused', async () => {
  const refused = await thrownBy(
    runIn(client, base, [], { release: asReleaseId('20200101-000000-aaaaaaa') }),
  );
  expect(refused).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('20200101-000000-aaaaaaa'),
  });
});

test('an engine that was never deployed is run, of no release, and nothing of ours is left there', async () => {
  expect(await runIn(client2(), plain)).toMatchObject({
    release: null,
    pinning: null,
    output: { version: 'plain', data: 'plain', release: null, cwd: plain },
  });
  expect(existsSync(join(plain, '.hot-deploy'))).toBe(false);
});

// A conversation is about one engine.
const others: ExecutorClient[] = [];
let forPlain: ExecutorClient;
beforeAll(async () => {
  forPlain = await openClient();
  others.push(forPlain);
});
afterAll(() => Promise.all(others.map((each) => each.close())));
const client2 = () => forPlain;

test.each<[StartKind, string, string]>([
  ['module', 'src.tool', "module ['--x', '']\n"],
  ['script', 'scripts/report.py', "script ['--x', '']\n"],
  ['script', 'scripts/report.sh', 'shell --x \n'],
  ['program', 'printf', ''],
])('a %s is started: %s', async (kind, name, printed) => {
  for (const [at, over] of [
    [base, client],
    [plain, client2()],
  ] as const) {
    const words = name === 'printf' ? ['%s|', '--x', ''] : ['--x', ''];
    const result = await runIn(over, at, words, { start: { kind, name }, ...AS_TEXT });
    expect(result).toMatchObject({ status: 'succeeded', output: name === 'printf' ? '--x||' : printed });
  }
});

test('1f.1: the argument list arrives byte for byte, and no shell is started', async () => {
  const word = fc.oneof(
    fc.constantFrom(
      '',
      '-',
      '--',
      "'",
      '"',
      '$(touch x)',
      '`touch x`',
      '\n',
      '; rm -rf /',
      '*',
      '~',
      '{x}',
      '=',
      '\u{1f600}',
      '\ud7ff',
      '-u',
      '\\',
      '%s',
      '!',
    ),
    fc.string({ unit: 'binary' }).map((text) => text.replace(/\0/g, '')),
    fc.string().map((text) => text.replace(/\0/g, '')),
  );
  await fuzz(
    fc.asyncProperty(
      fc.array(
        word.filter((each) => !/\p{Surrogate}/u.test(each)),
        { maxLength: 12 },
      ),
      async (words) => {
        const { output } = await runIn(client, base, ['words', ...words]);
        expect(output).toEqual(words.map((each) => [...Buffer.from(each)]));
      },
    ),
    size(40, 250),
  );
});

test('1f.2: tokens stand for the run’s own directory, file and release, and nothing else is one', async () => {
  const words = [
    '{release}',
    '--to={outputDirectory}/x.json',
    '{outputDirectory}',
    'a{release}',
    '{release}b',
    '{Release}',
    '{}',
    '{',
  ];
  const { output } = await runIn(client, base, ['say', ...words], {
    wanted: { kind: 'json', place: { from: 'stdout' } },
  });
  const { words: seen } = output as { words: string[] };
  const directory = seen[2];
  expect(directory).toMatch(new RegExp(`^${base}/\\.hot-deploy/runs/[0-9a-f]{16}/work/output$`));
  expect(seen).toEqual([
    second,
    `--to=${directory}/x.json`,
    directory,
    'a{release}',
    '{release}b',
    '{Release}',
    '{}',
    '{',
  ]);
  expect(leftOfRuns(base)).toEqual([]);
});

test('a working directory below the base path, or absolute', async () => {
  mkdirSync(join(base, 'jobs'));
  const result = await runIn(client, base, ['words'], { workingDirectory: 'jobs' });
  expect(result.status).toBe('succeeded');
  const { output } = await runIn(client, base, [], {
    start: { kind: 'program', name: 'pwd' },
    workingDirectory: '/',
    ...AS_TEXT,
  });
  expect(output).toBe('/\n');
});

test.each<[string, Parameters<typeof runIn>[3], string, string]>([
  [
    'a program that isn’t there',
    { start: { kind: 'program', name: 'no-such-program' } },
    'NOT_FOUND',
    'no-such-program can',
  ],
  [
    'an entrypoint that isn’t there',
    { start: { kind: 'entrypoint', name: 'walk.py' } },
    'NOT_FOUND',
    `walk.py is not in ${'release'}`,
  ],
  [
    'a script that isn’t there',
    { start: { kind: 'script', name: 'scripts/x.py' } },
    'NOT_FOUND',
    'scripts/x.py is not in',
  ],
  [
    'a working directory that isn’t there',
    { workingDirectory: 'nowhere' },
    'INPUT',
    'Working Directory "nowhere"',
  ],
])('%s is said, and nothing is started', async (_name, changes, code, message) => {
  for (const [at, over] of [
    [base, client],
    [plain, client2()],
  ] as const) {
    const refused = await thrownBy(runIn(over, at, ['say'], changes));
    expect({ code: refused.code, message: refused.message }).toEqual({
      code,
      message: expect.stringContaining(
        at === base ? message : message.replace('is not in release', 'is not in'),
      ),
    });
  }
});

test('a program that may not be executed is said', async () => {
  const program = join(await make(), 'program');
  await writeTree(join(program, '..'), { program: '#!/bin/sh\n' });
  chmodSync(program, 0o644);
  const refused = await thrownBy(runIn(client, base, [], { start: { kind: 'program', name: program } }));
  expect(refused).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('Permission denied') });
});

test.each(availablePythons())('runs are started by %s', async (python) => {
  const over = await openClient({ python });
  const home = join(await make(), 'app');
  const source = await make('source');
  await writeTree(source, obedientEngine('one'));
  await deployTo(home, source, {}, { python });
  const said = await runIn(over, home, ['say', 'ä'], { engineLimit: 1, runKey: 'one' });
  expect(said).toMatchObject({ status: 'succeeded', output: { version: 'one', words: ['ä'] } });
  const late = await thrownBy(runIn(over, home, ['wait', '60'], { ...AS_TEXT, timeoutSeconds: 0.4 }));
  expect(late).toMatchObject({ details: { status: 'timedOut' } });
  await over.close();
});
