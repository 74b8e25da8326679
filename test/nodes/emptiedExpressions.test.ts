/** What holds something back is not switched off by an expression that comes out empty: in n8n's own engine. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { temporaryDirectories } from '../support/deployment';
import { obedientEngine } from '../support/runs';
import { chain, type N8n, type NodeFixture } from '../support/n8n';
import { hotDeploy, items, openN8n, runEngine } from '../support/nodes';
import { writeTree } from '../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let n8n: N8n;

beforeAll(async () => {
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = tmpdir();
  n8n = await openN8n({});
});

afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  await n8n.close();
});

/** What a node says of an item that has nothing but these. */
async function saidOf(node: NodeFixture, json: IDataObject = {}): Promise<string | undefined> {
  const result = await n8n.run(chain(items({ json }), node));
  return result.error(node.name)?.message;
}

async function deployment(more: IDataObject): Promise<{ node: NodeFixture; base: string }> {
  const directory = await make('source');
  await writeTree(directory, obedientEngine('one'));
  const base = join(await make(), 'app');
  const parameters = { connection: 'local', basePath: base, sourceDirectory: directory, ...more };
  return { node: hotDeploy(parameters), base };
}

const refusalOf = (called: string) =>
  `${called} is an expression that comes out empty. See that what it refers to is there, or empty the field to do without it.`;

const check = (row: IDataObject) => ({
  checks: { check: [{ type: 'http', url: 'http://127.0.0.1:1/', ...row }] },
});

test.each<[string, IDataObject]>([
  ['Plan Digest', { options: { planDigest: '={{ $json.planDigest }}' } }],
  ['Expected Digest', { options: { expectedDigest: '={{ $json.gone.digest }}' } }],
  ['Expected Digest', { options: { expectedDigest: '={{ " " }}' } }],
  ['Deployment Window', { options: { deploymentWindow: '={{ $json.window }}' } }],
  ['Wait for Quiet (Seconds)', { options: { waitForQuietSeconds: '={{ $json.wait }}' } }],
  ['Expected Text of check “Service answers (1)”', check({ expectedText: '={{ $json.version }}' })],
  ['Expected JSON of check “Service answers (1)”', check({ expectedJson: '={{ $json.rule }}' })],
])('%s: nothing is deployed', async (called, more) => {
  const { node, base } = await deployment(more);
  expect(await saidOf(node)).toBe(refusalOf(called));
  expect(existsSync(base)).toBe(false);
});

test.each([
  ['Success Rule', { successRule: '={{ $json.output.failed === 0 }}' }],
  ['Success Rule', { successRule: '={{ $json.nothere }}' }],
  ['Run Key', { runKey: '={{ $json.id }}' }],
  ['Memory Limit (Megabytes)', { memoryLimitMegabytes: '={{ $json.memory }}' }],
  ['Engine Limit', { engineLimit: '={{ $json.most }}' }],
  ['Run As', { runAs: '={{ $json.user }}' }],
])('%s: nothing is run', async (called, options) => {
  const basePath = await make('app');
  await writeTree(basePath, obedientEngine('one'));
  const mark = join(await make('marks'), 'mark');
  const words = ['once', mark, '0'];
  const node = runEngine({ connection: 'local', operation: 'run', basePath, arguments: words, options });
  expect(await saidOf(node)).toBe(refusalOf(called));
  expect(existsSync(mark)).toBe(false);
});

test.each([
  ['Runs', { runs: '={{ $json.run }}' }],
  ['Runs', { runs: '={{ [] }}' }],
  ['Dry Run', { options: { dryRun: '={{ $json.onlyLook }}' } }],
])('%s of Stop Runs: nothing is stopped', async (called, more) => {
  const basePath = await make('app');
  await writeTree(basePath, obedientEngine('one'));
  const node = runEngine({ connection: 'local', operation: 'stopRuns', basePath, ...more });
  expect(await saidOf(node)).toBe(refusalOf(called));
});

test('Dry Run of Repair Engine: nothing is repaired', async () => {
  const basePath = await make('app');
  const options = { dryRun: '={{ $json.onlyLook }}' };
  const node = hotDeploy({ connection: 'local', operation: 'repair', basePath, options });
  expect(await saidOf(node)).toBe(refusalOf('Dry Run'));
});

test('what an expression gives is taken, and a field that is empty itself is off', async () => {
  const basePath = await make('app');
  await writeTree(basePath, obedientEngine('one'));
  const options = { successRule: '={{ $json.rule }}', runKey: '' };
  const node = (more: IDataObject) =>
    runEngine({ connection: 'local', operation: 'run', basePath, arguments: ['say'], options: more });
  expect(await saidOf(node(options), { rule: 'version = "one"' })).toBeUndefined();
  expect(await saidOf(node(options), { rule: 'version = "two"' })).toContain('does not hold: there is "one"');
  expect(await saidOf(node({ successRule: '', runKey: '' }))).toBeUndefined();
});
