/** What the editor offers before the first run: the schemas are found by n8n's own rules, and outputs are as they say. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { loadOutputSchema, resolveOutputSchemaPath } from 'n8n-core';
import type { IDataObject } from 'n8n-workflow';

import { OPERATIONS } from '../../nodes/operations';
import { FORGES } from '../../nodes/shared/push/push';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { liveRelease } from '../support/engineStatus';
import { mismatches, type OutputSchema } from '../support/jsonSchema';
import { Lingerers } from '../support/lingering';
import { chain, type N8n, type RunResult } from '../support/n8n';
import { credentialFor, hotDeploy, openN8n, rollback, runEngine } from '../support/nodes';
import { payloadOf } from '../support/pushes';
import { isRunning } from '../support/startedRuns';
import { startSshd, type Sshd } from '../support/sshd';
import { emitted } from '../support/triggers';

const NODES = join(__dirname, '../../nodes');
const make = temporaryDirectories();
const lingerers = new Lingerers();
let sshd: Sshd;
let n8n: N8n;
let versions: string[];
let basePath: string;

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd));
  versions = await engineVersions(make, 'base', 'v2');
  basePath = await make('app');
});

afterAll(async () => {
  lingerers.endAll();
  await n8n.close();
  await sshd.stop();
});

function schemaOf(node: string, operation?: string): OutputSchema {
  const place = { nodeDir: join(NODES, node), version: 1, operation };
  const schema = loadOutputSchema(place);
  if (!schema) throw new Error(`There is no ${resolveOutputSchemaPath(place)}`);
  return schema as unknown as OutputSchema;
}

const EVERY = Object.entries(OPERATIONS).flatMap(([node, operations]) =>
  operations.map(({ value }): [string, string] => [node, value]),
);

test.each(Object.entries(OPERATIONS))(
  '%s has a schema for each operation, and no other',
  (node, operations) => {
    const files = readdirSync(join(NODES, node, '__schema__/v1.0.0'));
    expect(files.sort()).toEqual(operations.map(({ value }) => `${value}.json`).sort());
  },
);

test.each(EVERY)('%s has a schema for %s, where n8n looks for it', (node, operation) => {
  expect(schemaOf(node, operation)).toMatchObject({ type: 'object', properties: { basePath: {} } });
});

/** A node by its name in workflows: how it is made, and the folder that it comes from. */
const MADE = {
  'Hot Deploy': { make: hotDeploy, folder: 'HotDeploy' },
  Rollback: { make: rollback, folder: 'RollbackExtractionEngine' },
  Run: { make: runEngine, folder: 'RunExtractionEngine' },
};
type NodeName = keyof typeof MADE;

async function run(node: NodeName, parameters: IDataObject): Promise<RunResult> {
  // As a person has it who touches no parameter: what the output is then is what is offered.
  const all = { basePath, simplify: undefined, ...parameters };
  return n8n.run(chain(MADE[node].make(all)));
}

/** A run whose output has every field that there may be. */
const RUN = {
  arguments: ['--help'],
  output: 'text',
  options: { engineLimit: 1, recordInputs: 1, runKey: 'a', successRule: '$ contains "usage"' },
};

/** A release that is decided on by hand. */
const WATCHED = { rollout: 'watch', waitForRollout: false };

/** Both releases say how they are used. */
const REPLAY = { inputDirectory: 'config', arguments: ['--help', '{inputFile}'], maxInputs: 1 };

function notLive(): string {
  const live = liveRelease(basePath);
  return readdirSync(join(basePath, 'releases')).find((name) => name !== live) ?? '';
}

test('what every operation sends out is what its schema says', async () => {
  const [first, second] = versions;
  const steps: Array<[NodeName, IDataObject | (() => IDataObject)]> = [
    ['Hot Deploy', { operation: 'status' }],
    ['Hot Deploy', { operation: 'deploy', sourceDirectory: first }],
    ['Hot Deploy', { operation: 'plan', sourceDirectory: second }],
    ['Hot Deploy', { operation: 'deploy', sourceDirectory: second, options: WATCHED }],
    ['Hot Deploy', { operation: 'getRollout' }],
    ['Hot Deploy', { operation: 'promote' }],
    ['Hot Deploy', { operation: 'deploy', sourceDirectory: second }],
    ['Hot Deploy', { operation: 'deploy', sourceDirectory: first, options: WATCHED }],
    ['Hot Deploy', { operation: 'status' }],
    ['Hot Deploy', { operation: 'abort' }],
    ['Hot Deploy', { operation: 'getHistory' }],
    ['Hot Deploy', () => ({ operation: 'replay', release: notLive(), ...REPLAY })],
    ['Hot Deploy', { operation: 'repair' }],
    ['Run', { operation: 'run', ...RUN }],
    ['Run', { operation: 'getRuns' }],
    ['Run', { operation: 'stopRuns', options: { includeLive: true } }],
    ['Rollback', { operation: 'rollback' }],
    ['Rollback', { operation: 'getAll' }],
    ['Rollback', { operation: 'prune', options: { keepReleases: 1, keepBackups: 0 } }],
    ['Rollback', { operation: 'detach' }],
  ];
  const ran = new Set<unknown>();
  for (const [node, asked] of steps) {
    const parameters = typeof asked === 'function' ? asked() : asked;
    const isAboutRuns = node === 'Run';
    const pid = isAboutRuns ? await lingerers.elsewhere('os.chdir(path)', join(basePath, 'current')) : 0;
    const ended = await run(node, parameters);
    expect(ended.error(node)).toBeUndefined();
    const items = ended.output(node);
    expect(items.length).toBeGreaterThan(0);
    const schema = schemaOf(MADE[node].folder, String(parameters.operation));
    expect(items.flatMap(({ json }) => mismatches(schema, json, String(parameters.operation)))).toEqual([]);
    ran.add(parameters.operation);
    if (isAboutRuns && isRunning(pid)) await lingerers.end(pid);
  }
  expect([...ran].sort()).toEqual(EVERY.map(([, operation]) => operation).sort());
});

const OCCASIONAL = ['unseen', 'findings', 'pinning', 'service', 'rollout', 'waitedMs'];

test('what deploying and rolling back offer is the simplified output, field by field', async () => {
  const [item] = (await run('Hot Deploy', { sourceDirectory: versions[0] })).output('Hot Deploy');
  for (const [node, operation] of [
    ['HotDeploy', 'deploy'],
    ['RollbackExtractionEngine', 'rollback'],
  ]) {
    // There only where other users' processes can't be looked into, where something was found beforehand, and where runs
    // are not pinned in place, where there is a service, where the release is watched, and where somebody waited.
    const offered = Object.keys(schemaOf(node, operation).properties ?? {});
    const always = (name: string) => !OCCASIONAL.includes(name);
    expect(offered.filter(always)).toEqual(Object.keys(item.json).filter(always));
  }
});

test.each(FORGES)('a push of %s comes as the trigger’s schema says', (forge) => {
  expect(mismatches(schemaOf('HotDeployTrigger'), emitted(forge, payloadOf(forge)), 'push')).toEqual([]);
});
