/** How runs that did not succeed leave the node, what is tried again, and what is refused before anything starts. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject, NodeOperationError } from 'n8n-workflow';

import { keptConnections } from '../../nodes/n8n/keeping';
import { deployTo } from '../support/deployment';
import { ENGINE_ENVIRONMENT, makePdf, materialiseEngine } from '../support/engine';
import { jsonOf, nodeRuns, outputOf, WAYS } from '../support/nodeRuns';
import { there, toldIn } from '../support/runs';

jest.setTimeout(120_000);
const runs = nodeRuns();
let basePath: string;

beforeAll(async () => {
  basePath = await runs.engine('one');
});

async function materialised(version: string): Promise<string> {
  const directory = await runs.make('source');
  await materialiseEngine(version, directory);
  return directory;
}

const REGULAR = { node: { onError: 'continueRegularOutput' } } as const;
const ERROR_OUTPUT = { node: { onError: 'continueErrorOutput' } } as const;
/** Items that end in each way, and one that succeeds. */
const ENDS = [
  { json: { words: ['exit', '7'], mine: 1 } },
  { json: { words: ['kill', 'SIGKILL'] } },
  { json: { words: ['wait', '60'], timeout: 1 } },
  { json: { words: ['say'] } },
];
const TIMEOUT = { timeoutSeconds: '={{ $json.timeout ?? 60 }}' };
const TOLD = [
  {
    status: 'failed',
    error: 'The run ended with exit code 7.',
    exitCode: 7,
    signal: null,
    stderr: 'going\n',
  },
  { status: 'killed', error: 'The run was killed by SIGKILL.', exitCode: null, signal: 'SIGKILL' },
  { status: 'timedOut', error: 'The run was ended after 1 s, its Timeout.', exitCode: null },
].map((each) => ({
  ...each,
  attempts: 1,
  basePath: expect.stringMatching(/\/app$/),
  release: expect.stringMatching(/^\d{8}-/),
  durationMs: expect.any(Number),
  peakMemoryMb: expect.any(Number),
  message: expect.any(String),
  details: expect.objectContaining({ code: 'RUN', status: each.status }),
}));

describe.each(WAYS)('%s', (way) => {
  test('1f.12: where the node goes on, the items after one that failed come, each paired with its own', async () => {
    const output = outputOf(await runs.run(way, ENDS, { basePath, options: TIMEOUT }, REGULAR));
    expect(output.map(({ json }) => json)).toMatchObject([...TOLD, { status: 'succeeded', exitCode: 0 }]);
    expect(output.map(({ pairedItem }) => pairedItem)).toEqual(ENDS.map((_, item) => ({ item })));
  });

  test('1f.12: what failed leaves by the error output, with how it ended and what came in', async () => {
    const result = await runs.run(
      way,
      ENDS,
      { basePath, options: { ...TIMEOUT, concurrency: 4 } },
      ERROR_OUTPUT,
    );
    expect(outputOf(result)).toMatchObject([{ json: { status: 'succeeded' }, pairedItem: { item: 3 } }]);
    const failed = result.output('Run', 1);
    expect(failed.map(({ json }) => json)).toMatchObject(TOLD);
    expect(failed[0].json).toMatchObject({ words: ['exit', '7'], mine: 1 });
    expect(failed.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
  });

  test('1f.12: else the workflow fails with the sentence, and no further item is started', async () => {
    const marks = join(await runs.make('marks'), 'mark');
    const words = [['exit', '7'], ...[1, 2, 3].map((index) => ['once', `${marks}-${index}`, '0'])];
    const result = await runs.run(way, words, { basePath });
    expect(result.status).toBe('error');
    expect(result.error('Run')).toMatchObject({
      message: 'The run ended with exit code 7.',
      description: expect.stringContaining('going'),
      context: { itemIndex: 0, data: { code: 'RUN', status: 'failed', exitCode: 7, attempts: 1 } },
    });
    expect([1, 2, 3].filter((index) => existsSync(`${marks}-${index}`))).toEqual([]);
  });

  test('1f.12: of several at once, what has been started goes on to its end, and no further item is', async () => {
    const marks = join(await runs.make('marks'), 'mark');
    const words = [['exit', '7'], ...[1, 2, 3].map((index) => ['once', `${marks}-${index}`, '1'])];
    const result = await runs.run(way, words, { basePath, options: { concurrency: 2 } });
    expect(result.error('Run')).toMatchObject({ message: 'The run ended with exit code 7.' });
    expect([2, 3].filter((index) => existsSync(`${marks}-${index}`))).toEqual([]);
  });

  test('1f.11: retries are of the item, for the causes that are chosen, and counted', async () => {
    const file = join(await runs.make('count'), 'count');
    const words = [['say'], ['count', `${file}-a`, '3'], ['say']];
    const options = { retries: 4, retryOn: ['failed'] };
    const given = { basePath, output: 'text', options };
    expect(jsonOf(await runs.run(way, words, given)).map(({ attempts }) => attempts)).toEqual([1, 3, 1]);
    expect(readFileSync(`${file}-a`, 'utf8')).toBe('xxx');

    const others = { ...given, options: { ...options, retryOn: ['timedOut', 'killed', 'connection'] } };
    const [failed] = jsonOf(await runs.run(way, [['count', `${file}-b`, '3']], others, REGULAR));
    expect(failed).toMatchObject({ status: 'failed', exitCode: 3, attempts: 1 });
  });

  test('1f.10: a batch of the sample engine with one broken PDF fails where the rule says so, and else does not', async () => {
    const engine = join(await runs.make(), 'app');
    await materialiseEngine('base', engine);
    await deployTo(engine, await materialised('v2'));
    const inbox = await runs.make('inbox');
    writeFileSync(join(inbox, 'good.pdf'), makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
    writeFileSync(join(inbox, 'broken.pdf'), 'no PDF');
    // As engines do that catch whatever happens: what its exit code says counts for nothing.
    const environment = `ANTHROPIC_API_KEY=${ENGINE_ENVIRONMENT.ANTHROPIC_API_KEY}`;
    const options = { environment, successExitCodes: '0, 2' };
    const batch = (successRule: string) =>
      runs.run(way, [['batch', inbox]], { basePath: engine, options: { ...options, successRule } }, REGULAR);
    const [failed] = jsonOf(await batch('unreadable.length = 0'));
    expect(failed).toMatchObject({
      status: 'failed',
      error: 'The run ended well, but “unreadable.length = 0” does not hold: there is 1.',
      output: { results: [{ file: 'good.pdf' }], unreadable: [{ file: 'broken.pdf' }] },
    });
    const [passed] = jsonOf(await batch('results[0] exists'));
    expect(passed).toMatchObject({ status: 'succeeded', output: { unreadable: [{ file: 'broken.pdf' }] } });
  });

  test('what an attempt that failed put out is no part of the next one’s output', async () => {
    const file = join(await runs.make('count'), 'count');
    const words = ['falter', '{outputDirectory}', file, 'a.txt', 'b.txt', 'c.txt'];
    const given = { basePath, output: 'files', options: { retries: 1 } };
    const [item] = outputOf(await runs.run(way, [words], given));
    expect(item.json).toMatchObject({ status: 'succeeded', attempts: 2, output: [{ path: 'last.txt' }] });
    expect(Object.values(item.binary ?? {}).map(({ fileName }) => fileName)).toEqual(['last.txt']);
  });
});

/** Cuts the connection once a run has told that it is there. */
async function cutDuring(given: IDataObject): Promise<{ json: IDataObject; starts: number }> {
  const file = join(await runs.make('once'), 'once');
  const parameters = { basePath, ...given };
  const running = runs.run('ssh', [['once', file, '1.5']], parameters, REGULAR);
  await toldIn(file);
  runs.relay.cut();
  const [json] = jsonOf(await running);
  return { json, starts: readFileSync(file, 'utf8').trim().split('\n').length };
}

test('1f.11: a run whose connection was lost is not started again, and nobody says how it ended', async () => {
  const { json, starts } = await cutDuring({ options: { retries: 3 } });
  expect(json).toMatchObject({
    status: 'unknown',
    details: { code: 'LOST', status: 'unknown', attempts: 1 },
  });
  expect(starts).toBe(1);
});

test('1f.11: … unless it is repeatable', async () => {
  const { json, starts } = await cutDuring({ options: { retries: 3, repeatable: true } });
  expect(json).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect(starts).toBe(2);
});

test('1f.11: with a Run Key, a run whose connection was lost is taken up again, and started once', async () => {
  const { json, starts } = await cutDuring({ options: { retries: 1, runKey: '={{ $execution.id }}-key' } });
  expect(json).toMatchObject({ status: 'succeeded', attempts: 2, repeated: true, output: { done: true } });
  expect(starts).toBe(1);
});

test('1f.11: after a lost connection the batch goes on over another one, on the same release', async () => {
  const base = await runs.engine('one', 'two');
  const gate = join(await runs.make('gate'), 'gate');
  const running = runs.run('ssh', [['say'], ['gate', gate], ['say']], { basePath: base }, REGULAR);
  await there(`${gate}.there`);
  runs.relay.cut();
  const output = jsonOf(await running);
  expect(output.map(({ status }) => status)).toEqual(['succeeded', 'unknown', 'succeeded']);
  expect(output[2].release).toBe(output[0].release);
});

test('1f.11: a connection that can’t be had is tried again, and nothing is started twice', async () => {
  await keptConnections.closeAll();
  const file = join(await runs.make('once'), 'once');
  const target = runs.relay.target;
  runs.relay.target = 1;
  const options = { retries: 2 };
  const [refused] = jsonOf(await runs.run('ssh', [['once', file, '0']], { basePath, options }, REGULAR));
  runs.relay.target = target;
  expect(refused).toMatchObject({ status: 'failed', details: { code: 'CONNECTION', attempts: 3 } });
  expect(existsSync(file)).toBe(false);
});

describe('refused before anything is started', () => {
  const file = '/nowhere/to/be/found';
  // n8n itself asks for a required field that nothing was entered into.
  const EMPTY = '={{ " " }}';
  test.each<[string, IDataObject, RegExp]>([
    ['an empty program', { start: 'program', program: EMPTY }, /^Program is empty\./],
    ['an empty entrypoint', { entrypoint: EMPTY }, /^Entrypoint is empty\./],
    [
      'a module that is an option',
      { start: 'module', module: '-c' },
      /^Module "-c" can't be used\. .*hyphen/,
    ],
    ['a program that is an option', { start: 'program', program: '-x' }, /^Program "-x" can't be used\./],
    ['a script elsewhere', { start: 'script', script: '../x.py' }, /^Script "\.\.\/x\.py" can't be used\./],
    [
      'an absolute script',
      { start: 'script', script: '/etc/x.py' },
      /^Script "\/etc\/x\.py" can't be used\./,
    ],
    ['an unknown start', { start: 'anything' }, /^Start .*anything/],
    ['a name that is no release', { release: '../../etc' }, /Release .*\.\.\/\.\.\/etc/],
    ['no rule', { options: { successRule: 'failed ~ 0' } }, /^Success Rule: "failed ~ 0" is no rule: /],
    ['no exit codes', { options: { successExitCodes: '0, x' } }, /^Success Exit Codes holds "x", /],
    ['a high exit code', { options: { successExitCodes: '256' } }, /^Success Exit Codes holds "256", /],
    ['too many at once', { options: { concurrency: 33 } }, /^Concurrency is 33\. .*at most 32\./],
    ['none at once', { options: { concurrency: 0 } }, /^Concurrency .*0/],
    ['too many retries', { options: { retries: 101 } }, /^Retries is 101\. .*at most 100\./],
    ['another cause', { options: { retryOn: ['failed', 'sometimes'] } }, /^Retry On .*sometimes/],
    ['no variables', { options: { environment: 'a b' } }, /^Environment: line 1 is not a variable\./],
    ['no marker', { jsonFrom: 'marker', marker: EMPTY }, /^Marker is empty\./],
    ['no output file', { jsonFrom: 'file', outputFile: EMPTY }, /^Output File is empty\./],
    ['no input file', { input: 'binary' }, /^Input Binary Field “data” is not in the input item\./],
    ['another word for its output', { output: 'xml' }, /^Output .*xml/],
  ])('%s', async (_what, parameters, message) => {
    for (const given of [[['once', file, '0']], [['once', file, '0'], ['say']]]) {
      const result = await runs.run('local', given, { basePath, ...parameters });
      const error = result.error('Run') as NodeOperationError;
      expect({ message: error.message, code: (error.context.data as IDataObject).code }).toEqual({
        message: expect.stringMatching(message),
        code: 'INPUT',
      });
    }
  });

  test('a release that is not kept', async () => {
    const release = '20200101-000000-aaaaaaa';
    const error = (await runs.run('local', [['say']], { basePath, release })).error('Run');
    expect(error).toMatchObject({
      message: expect.stringContaining(release),
      context: { data: { code: 'NOT_FOUND' } },
    });
  });

  test('two that want standard input', async () => {
    const n8n = await runs.n8n({}, { secretVariables: 'KEY=secret', pass: 'stdin' });
    const parameters = { basePath, input: 'json', passInput: 'stdin' };
    const error = (await runs.run('local', [['say']], parameters, { n8n, secrets: true })).error('Run');
    expect(error).toMatchObject({
      message: 'Both the input and the secrets are to come on standard input.',
      context: { data: { code: 'INPUT' } },
    });
  });
});
