/** What goes into runs and comes out of them through n8n: files, JSON, secrets, and what is seen meanwhile. */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import type { N8n, N8nOptions } from '../support/n8n';
import { contentOf } from '../support/n8n/core';
import { jsonOf, nodeRuns, outputOf, WAYS } from '../support/nodeRuns';
import { allGone, leftOfRuns, toldIn } from '../support/runs';

jest.setTimeout(120_000);
const runs = nodeRuns();
let basePath: string;

beforeAll(async () => {
  basePath = await runs.engine('one');
});

const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describe.each(['filesystem', 'memory'] as const)('1f.8: with binary data in %s mode', (binaryData) => {
  let n8n: N8n;
  let path: string;
  const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * 7) & 255));
  const item = (words: string[]) => ({ json: { words }, binary: { data: { path } } });

  beforeAll(async () => {
    path = join(await runs.make('input'), '-Vertrag Nr. 1 (ü).pdf');
    writeFileSync(path, content);
    n8n = await runs.n8n({ binaryData });
  });

  test.each(WAYS)(
    '%s: a file goes in under its name, and comes out byte for byte, with its type',
    async (way) => {
      const words = ['copy', '{inputFile}', '{outputDirectory}'];
      const given = { basePath, input: 'binary', output: 'files', outputBinaryField: 'out' };
      const [{ json, binary }] = outputOf(await runs.run(way, [item(words)], given, { n8n }));
      const out = binary?.out;
      expect(out).toMatchObject({ fileName: '-Vertrag Nr. 1 (ü).pdf', mimeType: 'application/pdf' });
      expect(out?.id !== undefined).toBe(binaryData === 'filesystem');
      expect(json.output).toEqual([{ path: '-Vertrag Nr. 1 (ü).pdf', bytes: content.length }]);
      expect(digestOf(await contentOf(out))).toBe(digestOf(content));
      expect(leftOfRuns(basePath)).toEqual([]);
    },
  );

  test.each(WAYS)('%s: a file goes in on standard input', async (way) => {
    const given = { basePath, input: 'binary', passInput: 'stdin' };
    const [{ output }] = jsonOf(await runs.run(way, [item(['stdin'])], given, { n8n }));
    expect(output).toMatchObject({ bytes: content.length });
  });

  test('several files come out under the field’s name with numbers, and those that are asked for', async () => {
    const words = ['files', '{outputDirectory}', 'a.txt', 'b/c.txt', 'b/d.json'];
    const given = { basePath, output: 'files', outputFiles: '*.txt, b/**' };
    const [{ binary }] = outputOf(await runs.run('local', [words], given, { n8n }));
    const names = Object.entries(binary ?? {}).map(([name, { fileName }]) => [name, fileName]);
    expect(names).toEqual([
      ['data', 'a.txt'],
      ['data_1', 'c.txt'],
      ['data_2', 'd.json'],
    ]);
    expect((await contentOf(binary?.data_1)).toString()).toBe('in b/c.txt');
  });

  test('what a run that failed had put out by then is with the failed item', async () => {
    const file = join(await runs.make('count'), 'count');
    const words = ['falter', '{outputDirectory}', file, 'a.txt'];
    const rest = { n8n, node: { onError: 'continueErrorOutput' } } as const;
    const result = await runs.run('local', [words], { basePath, output: 'files' }, rest);
    const [{ json, binary }] = result.output('Run', 1);
    expect(json).toMatchObject({ status: 'failed', output: [{ path: 'a.txt' }] });
    expect((await contentOf(binary?.data)).toString()).toBe('in a.txt');
  });
});

test('a long name of a file keeps its beginning and its end', async () => {
  const name = `${'Vertrag '.repeat(15)}Ende.pdf`;
  const binary = {
    data: { base64: 'eA==', fileName: `../x/${name}` },
    other: { base64: 'eA==', fileName: `${'ü'.repeat(300)}.pdf` },
  };
  const words = ['copy', '{inputFile}', '{outputDirectory}'];
  const given = { basePath, input: 'binary', output: 'files' };
  const [{ output }] = jsonOf(await runs.run('local', [{ json: { words }, binary }], given));
  expect(output).toEqual([{ path: name, bytes: 1 }]);
  const other = { ...given, binaryProperty: 'other' };
  const [{ output: cut }] = jsonOf(await runs.run('local', [{ json: { words }, binary }], other));
  expect(cut).toEqual([{ path: expect.stringMatching(/^ü+\.pdf$/), bytes: 1 }]);
});

test.each(WAYS)('%s: the item’s JSON goes in as a file and on standard input', async (way) => {
  const json = { words: ['read', '{inputFile}'], text: '„ü\u{1f600}“\n', list: [1, null] };
  const [file] = jsonOf(await runs.run(way, [{ json }], { basePath, input: 'json' }));
  const { name, text } = file.output as { name: string; text: string };
  expect(name).toMatch(/\/input\.json$/);
  expect(JSON.parse(text)).toEqual(json);
  const told = { ...json, words: ['tell', 'NONE', '0'] };
  const given = { basePath, input: 'json', passInput: 'stdin' };
  const [stdin] = jsonOf(await runs.run(way, [{ json: told }], given));
  expect(JSON.parse((stdin.output as { text: string }).text)).toEqual(told);
});

describe.each(WAYS)('P7: %s: the engine’s secrets', (way) => {
  const SECRET = 'sk-"quoted"-\\back-12345';

  test.each(['environment', 'stdin'])(
    'by %s: the run has them, and nothing else shows them',
    async (pass) => {
      const seen: unknown[] = [];
      const options: Partial<N8nOptions> = {
        onConsole: (message) => seen.push(message),
        onLog: (...told) => seen.push(told),
      };
      const n8n = await runs.n8n(options, { secretVariables: `API_KEY=${SECRET}`, pass });
      const rest = { n8n, secrets: true, node: { onError: 'continueRegularOutput' } } as const;
      for (const code of ['0', '3']) {
        const output = jsonOf(await runs.run(way, [['tell', 'API_KEY', code]], { basePath }, rest));
        seen.push(output);
        const [item] = output as Array<IDataObject & { stderr: string; output: IDataObject }>;
        expect(item.status).toBe(code === '0' ? 'succeeded' : 'failed');
        // As the engine printed it, masked.
        expect(item.output).toEqual(
          pass === 'stdin' ? { text: '{"API_KEY":"***"}', variable: null } : { text: '', variable: '***' },
        );
      }
      const failed = await runs.run(way, [['tell', 'API_KEY', '3']], { basePath }, { ...rest, node: {} });
      const { message, description, context } = failed.error('Run') as unknown as IDataObject;
      seen.push(message, description, context);
      // In filesystem mode the console has both outputs.
      expect(JSON.stringify(seen)).toContain('***');
      expect(JSON.stringify(seen)).not.toContain('12345');
      expect(JSON.stringify(seen)).not.toContain('quoted');
    },
  );
});

test.each(WAYS)(
  '%s: what a run prints appears in the editor’s console as it comes, and all of it',
  async (way) => {
    const go = join(await runs.make('gate'), 'go');
    const lines: string[] = [];
    const n8n = await runs.n8n({
      onConsole: ({ messages }) => {
        lines.push(String(messages[0]));
        const said = lines.join('\n');
        // The run goes on only once both were seen.
        if (said.includes('to stdout') && said.includes('to stderr')) writeFileSync(go, '');
      },
    });
    const [{ output }] = jsonOf(
      await runs.run(way, [['lines', go]], { basePath, jsonFrom: 'lastLine' }, { n8n }),
    );
    expect(output).toBe('the end');
    expect(lines.join('\n')).toContain(`${basePath}: Run: to stdout`);
    expect(lines.join('\n')).toContain('"the end"');

    lines.length = 0;
    const silent = { n8n, options: { mode: 'trigger' } } as const;
    jsonOf(await runs.run(way, [['lines', go]], { basePath, jsonFrom: 'lastLine' }, silent));
    expect(lines).toEqual([]);
  },
);

describe.each(WAYS)('1f.7: %s: cancelled in n8n', (way) => {
  test.each([1, 3])('within 10 s no process and no file is left, of %s at once', async (concurrency) => {
    const base = await runs.engine('one');
    const told = join(await runs.make('told'), 'told');
    const stop = new AbortController();
    const fixtures = Array.from({ length: 4 }, (_, index) => ({
      json: { words: ['stubborn', `${told}-${index}`] },
    }));
    const given = { basePath: base, input: 'json', output: 'text', options: { concurrency } };
    const rest = { options: { signal: stop.signal }, node: { onError: 'continueRegularOutput' } } as const;
    const running = runs.run(way, fixtures, given, rest);
    const pids = (
      await Promise.all(fixtures.slice(0, concurrency).map((_, index) => toldIn(`${told}-${index}`)))
    ).flat();
    expect(pids).toHaveLength(3 * concurrency);
    expect(leftOfRuns(base)).not.toEqual([]);
    const stopped = performance.now();
    stop.abort();
    await allGone(pids, 10_000);
    const result = await running;
    expect(performance.now() - stopped).toBeLessThan(10_000);
    expect(result.status).toBe('canceled');
    expect(result.error('Run')?.message).toMatch(/^The execution was cancelled/);
    expect(leftOfRuns(base)).toEqual([]);
    expect(existsSync(`${told}-3`)).toBe(false);
  });
});
