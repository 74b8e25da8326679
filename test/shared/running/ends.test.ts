/** How runs end, and that each end is told from the others: items 2 and 3 of the node. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { parseRules } from '../../../nodes/shared/run/successRule';
import { deployTo, openClient, temporaryDirectories } from '../../support/deployment';
import { obedientEngine, runIn } from '../../support/runs';
import { isRunning } from '../../support/startedRuns';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let base: string;
let client: ExecutorClient;

beforeAll(async () => {
  base = join(await make(), 'app');
  const source = await make('source');
  await writeTree(source, obedientEngine('one'));
  await deployTo(base, source);
  client = await openClient();
});

afterAll(() => client.close());

/** The processes that a stubborn run told of. */
function toldIn(file: string): number[] {
  return readFileSync(file, 'utf8').split(' ').map(Number);
}

test('failed: an exit code, with what it said last', async () => {
  const failed = await thrownBy(runIn(client, base, ['exit', '7']));
  expect(failed).toMatchObject({
    code: 'RUN',
    message: 'The run ended with exit code 7.',
    description: expect.stringContaining('going'),
    details: { status: 'failed', exitCode: 7, signal: null, stderr: 'going\n', output: null, attempts: 1 },
  });
});

test('succeeded: another exit code, where that means success', async () => {
  const changes = { successExitCodes: [0, 7], wanted: { kind: 'text' } } as const;
  expect(await runIn(client, base, ['exit', '7'], changes)).toMatchObject({
    status: 'succeeded',
    exitCode: 7,
  });
});

test('killed: by a signal, which is no exit code', async () => {
  const killed = await thrownBy(runIn(client, base, ['kill', 'SIGKILL']));
  expect(killed).toMatchObject({
    message: 'The run was killed by SIGKILL.',
    description: expect.stringContaining('memory'),
    details: { status: 'killed', exitCode: null, signal: 'SIGKILL' },
  });
  const aborted = await thrownBy(runIn(client, base, ['kill', 'SIGABRT']));
  expect(aborted.details).toMatchObject({ status: 'killed', signal: 'SIGABRT' });
});

test('failed: by a rule over the output, of an engine that exits with 0', async () => {
  const words = ['print', '{"failed": 1, "results": [{"status": "ok"}, {"status": "broken"}]}'];
  const rules = (text: string) => ({ rules: parseRules('Success Rule', text) });
  const failed = await thrownBy(runIn(client, base, words, rules('failed = 0')));
  expect(failed).toMatchObject({
    message: 'The run ended well, but “failed = 0” does not hold: there is 1.',
    details: { status: 'failed', exitCode: 0, output: { failed: 1 } },
  });
  expect((await thrownBy(runIn(client, base, words, rules('results[*].status = "ok"')))).message).toContain(
    '"broken"',
  );
  expect(await runIn(client, base, words, rules('failed <= 1\nresults exists'))).toMatchObject({
    status: 'succeeded',
  });
});

test('1f.6: timedOut: TERM, then KILL for the whole tree, with what forked twice to get away', async () => {
  const told = join(await make(), 'told');
  const started = performance.now();
  const ended = await thrownBy(runIn(client, base, ['stubborn', told], { timeoutSeconds: 1 }));
  expect(ended).toMatchObject({
    message: 'The run was ended after 1 s, its Timeout.',
    details: { status: 'timedOut', signal: 'SIGKILL' },
  });
  expect(toldIn(told).map(isRunning)).toEqual([false, false, false]);
  expect(performance.now() - started).toBeLessThan(16_000);
});

test('what a run leaves behind ends with it, though it ended well itself', async () => {
  const told = join(await make(), 'told');
  const changes = { wanted: { kind: 'text' } } as const;
  expect(await runIn(client, base, ['stubborn', told, 'leave'], changes)).toMatchObject({
    status: 'succeeded',
  });
  expect(toldIn(told).map(isRunning)).toEqual([false, false, false]);
});

test('killed: by its memory, also where a child takes half of it', async () => {
  const killed = await thrownBy(runIn(client, base, ['split', '60', '60'], { memoryLimitMegabytes: 100 }));
  expect(killed).toMatchObject({
    message: 'The run was ended: it took more than 100 MB, its Memory Limit.',
    details: { status: 'killed' },
  });
  expect(
    await runIn(client, base, ['eat', '30', '0.3'], { memoryLimitMegabytes: 200, wanted: { kind: 'text' } }),
  ).toMatchObject({
    status: 'succeeded',
  });
});

test('1f.3: peak memory and processor time are the run’s', async () => {
  const text = { wanted: { kind: 'text' } } as const;
  const small = await runIn(client, base, ['eat', '1', '0'], text);
  const large = await runIn(client, base, ['eat', '100', '0.5'], text);
  expect(large.peakMemoryMb - small.peakMemoryMb).toBeGreaterThan(80);
  expect(large.peakMemoryMb).toBeLessThan(200);
  const burning = await runIn(client, base, ['burn', '0.5'], text);
  expect(burning.cpuMs).toBeGreaterThanOrEqual(500);
  expect(burning.cpuMs).toBeLessThan(3000);
});

test.each<[string, string[], Parameters<typeof runIn>[3], string]>([
  ['no JSON', ['print', 'banner'], {}, 'The output is no JSON: it begins with "banner".'],
  ['nothing', ['print', ''], {}, 'The output is no JSON: it is empty.'],
  [
    'a line that is none',
    ['print', '{}\\nno\\n'],
    { wanted: { kind: 'jsonLines' } },
    'Line 2 of the output is no JSON: it begins with "no".',
  ],
  [
    'no marker',
    ['print', 'banner'],
    { wanted: { kind: 'json', place: { from: 'marker', marker: 'RESULT' } } },
    'No line of the output begins with RESULT:: it begins with "banner".',
  ],
  [
    'no file',
    ['print', ''],
    { wanted: { kind: 'json', place: { from: 'file', pattern: '*.json' } } },
    'No file of the output directory matches *.json; there are 0 files in it.',
  ],
])('1f.9: failed: %s where a value is wanted, quoted', async (_name, words, changes, message) => {
  const failed = await thrownBy(runIn(client, base, words, changes));
  expect(failed).toMatchObject({ code: 'RUN', message, details: { status: 'failed', exitCode: 0 } });
});

test('an engine that failed is said to have failed, whatever it printed', async () => {
  expect(await thrownBy(runIn(client, base, ['exit', '3']))).toMatchObject({
    message: 'The run ended with exit code 3.',
  });
});

test('1f.11: retries for listed causes, and no others', async () => {
  const file = join(await make(), 'count');
  const text = { wanted: { kind: 'text' } } as const;
  expect(await runIn(client, base, ['count', file, '3'], { ...text, retries: 5 })).toMatchObject({
    attempts: 3,
  });
  expect(readFileSync(file, 'utf8')).toBe('xxx');
  const other = join(await make(), 'count');
  const failed = await thrownBy(
    runIn(client, base, ['count', other, '3'], { ...text, retries: 5, retryOn: ['timedOut'] }),
  );
  expect(failed.details).toMatchObject({ status: 'failed', exitCode: 3, attempts: 1 });
  expect(readFileSync(other, 'utf8')).toBe('x');
});
