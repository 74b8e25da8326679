/** Replays in n8n's own engine: with the files that an item carries, over SSH, and what people see of them. */
import { join } from 'node:path';

import type { IBinaryData, IDataObject } from 'n8n-workflow';

import { temporaryDirectories } from '../support/deployment';
import { liveRelease } from '../support/engineStatus';
import { chain, type ItemFixture, type N8n } from '../support/n8n';
import { checks, credentialFor, hotDeploy, items, onlyJson, openN8n } from '../support/nodes';
import { inputs, reportingEngine } from '../support/replayed';
import { startSshd, type Sshd } from '../support/sshd';
import { writeTree } from '../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const ARGUMENTS = ['{inputFile}', '{outputDirectory}'];
let sshd: Sshd;
let n8n: N8n;
let basePath: string;
let before: string;

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd), { binaryData: 'memory' });
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

beforeEach(async () => {
  basePath = join(await make(), 'app');
  await deployEngine('');
  before = liveRelease(basePath);
});

const text = (content: string, fileName: string) => ({
  base64: Buffer.from(content).toString('base64'),
  fileName,
  mimeType: 'text/plain',
});

const CARRIED: ItemFixture = {
  binary: { first: text('one two three', 'a.txt'), second: text('four', 'b.txt') },
};

async function deployEngine(change: string, parameters: IDataObject = {}, carried: ItemFixture = {}) {
  const sourceDirectory = await make('source');
  await writeTree(sourceDirectory, reportingEngine(change));
  const all = { basePath, sourceDirectory, ...parameters };
  return n8n.run(chain(items(carried), hotDeploy(all, { onError: 'continueRegularOutput' })));
}

async function replay(parameters: IDataObject, carried: ItemFixture = {}) {
  const all = { operation: 'replay', basePath, release: before, arguments: ARGUMENTS, ...parameters };
  return n8n.run(chain(items(carried), hotDeploy(all)));
}

const contentOf = ({ data }: IBinaryData) => Buffer.from(data, 'base64').toString('utf8');

test('over SSH, with a report and a hint that say what differs', async () => {
  await deployEngine('report["words"] += 1');
  const inputDirectory = inputs(await make(), 2);
  const ran = await replay({ inputDirectory, options: { report: true } });
  const found = onlyJson(ran, 'Hot Deploy');
  expect(found).toMatchObject({
    verdict: 'different',
    release: before,
    live: liveRelease(basePath),
    inputs: 2,
  });
  expect(ran.hints('Hot Deploy').map(({ message }) => message)).toEqual([
    expect.stringContaining('The new release does something else: 2 fields differ in 2 of 2 inputs'),
  ]);
  const { report } = ran.output('Hot Deploy')[0]?.binary ?? {};
  expect(report?.fileName).toBe(`hot-deploy-replay-${before}.html`);
  const page = contentOf(report as IBinaryData);
  for (const part of [`Different: ${before}`, 'input-00.txt: 1 field', 'report.json/words']) {
    expect(page).toContain(part);
  }
});

test('with the files that the item carries, by their names, all of them or some', async () => {
  await deployEngine('report["words"] += 1');
  const all = onlyJson(await replay({ inputsFrom: 'binary', binaryFields: '' }, CARRIED), 'Hot Deploy');
  expect(all).toMatchObject({ verdict: 'different', inputs: 2, available: 2 });
  expect((all.differences as IDataObject[]).map(({ input, live, other }) => [input, live, other])).toEqual([
    ['a.txt', '4', '3'],
    ['b.txt', '2', '1'],
  ]);
  const one = onlyJson(await replay({ inputsFrom: 'binary', binaryFields: 'second' }, CARRIED), 'Hot Deploy');
  expect((one.differences as IDataObject[]).map(({ input }) => input)).toEqual(['b.txt']);
  const missing = await replay({ inputsFrom: 'binary', binaryFields: 'third' }, CARRIED);
  expect(missing.error()?.message).toContain('Input Binary Field “third” is not in the input item.');
  const none = await replay({ inputsFrom: 'binary', binaryFields: '' });
  expect(none.error()?.message).toContain('The item carries no files to replay.');
});

test('a check takes them, too, before a deployment', async () => {
  const check = {
    type: 'replay',
    name: 'Samples',
    inputsFrom: 'binary',
    binaryFields: '',
    arguments: ARGUMENTS,
  };
  const parameters = { checks: checks(check), simplify: false };
  const refused = onlyJson(await deployEngine('report["words"] += 1', parameters, CARRIED), 'Hot Deploy');
  expect(refused).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('Check “Samples” did not pass before the switch'),
    details: { check: { replay: { verdict: 'different', inputs: 2 } } },
  });
  const live = onlyJson(await deployEngine('# the same', parameters, CARRIED), 'Hot Deploy');
  expect(live).toMatchObject({
    status: 'deployed',
    checks: expect.arrayContaining([
      expect.objectContaining({
        name: 'Samples',
        passed: true,
        replay: expect.objectContaining({ verdict: 'same' }),
      }),
    ]),
  });
});

test.each([
  [{ inputDirectory: '' }, 'Input Directory is empty.'],
  [{ arguments: ['extract'] }, 'Arguments has no {inputFile} in it.'],
  [{ maxInputs: 1001 }, 'Max Inputs is 1001. Give a whole number, at most 1000.'],
  [{ tolerance: '1 km' }, 'Tolerance is "1 km". Write a number, a percentage, or both'],
  [{ listKeys: '**/evidence' }, 'List Keys: line 1 is "**/evidence". Write “path = field”'],
  [{ ignoreFields: '/report.json' }, 'Leave Out Fields pattern "/report.json" is absolute'],
  [{ release: 'none' }, 'none'],
])('what can’t be used is named: %j', async (parameters, message) => {
  await deployEngine('# the second');
  const ran = await replay({ inputDirectory: inputs(await make(), 1), ...parameters });
  expect(ran.error()?.message).toContain(message);
});
