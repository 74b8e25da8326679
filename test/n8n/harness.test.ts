import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ICredentialType, INode } from 'n8n-workflow';

import { chain, createN8n, loadPackage } from '../support/n8n';
import type { ConsoleMessage, ItemFixture, N8n } from '../support/n8n';
import { Probe } from './probeNode';

const nodeTypes = { 'probe-nodes.probe': new Probe() };
const credentialTypes: ICredentialType[] = [
  {
    name: 'probeApi',
    displayName: 'Probe API',
    properties: [
      { displayName: 'Host', name: 'host', type: 'string', default: '' },
      { displayName: 'Port', name: 'port', type: 'number', default: 22 },
    ],
  },
];
const credentials = { probeApi: { host: 'good.example' } };
const account = { probeApi: { id: '1', name: 'Probe account' } };

const items = (...fixtures: ItemFixture[]) => ({
  name: 'Items',
  type: 'test.items',
  parameters: { items: fixtures as never },
});
const probe = (parameters: INode['parameters'], rest: Partial<INode> = {}) => ({
  name: 'Probe',
  type: 'probe-nodes.probe',
  parameters,
  ...rest,
});

let n8n: N8n;
let messages: ConsoleMessage[] = [];
let logged: string[] = [];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hot-deploy-harness-'));
  n8n = await createN8n({
    nodeTypes,
    credentialTypes,
    credentials,
    onConsole: (message) => messages.push(message),
    onLog: (level, message) => logged.push(`${level}: ${message}`),
  });
});

beforeEach(() => {
  messages = [];
  logged = [];
});

afterAll(async () => {
  await n8n.close();
  await rm(directory, { recursive: true, force: true });
});

describe('running workflows', () => {
  test('resolves expressions per item and pairs the items', async () => {
    const result = await n8n.run(
      chain(items({ json: { n: 1 } }, { json: { n: 2 } }), probe({ value: '={{ $json.n * 10 }}' }), {
        ...probe({ value: '={{ $("Items").item.json.n }} was {{ $json.value }}' }),
        name: 'Second',
      }),
    );
    expect(result.status).toBe('success');
    expect(result.output('Probe').map(({ json }) => json.value)).toEqual([10, 20]);
    expect(result.output('Probe').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
    expect(result.output('Second').map(({ json }) => json.value)).toEqual(['1 was 10', '2 was 20']);
  });

  test('fills in the defaults of parameters, and leaves the given workflow as it was', async () => {
    const workflow = chain(probe({}));
    const before = JSON.stringify(workflow);
    const result = await n8n.run(workflow);
    expect(result.output('Probe')[0].json).toEqual({ value: 'the default' });
    expect(JSON.stringify(workflow)).toBe(before);
  });

  test('a thrown NodeOperationError ends the run and is kept whole', async () => {
    const noOp = { name: 'After', type: 'n8n-nodes-base.noOp' };
    const result = await n8n.run(chain(probe({ action: 'fail' }), noOp));
    expect(result.status).toBe('error');
    expect(result.error('Probe')).toMatchObject({
      name: 'NodeOperationError',
      message: 'Check "answers" did not pass',
      description: 'The previous release is live',
      context: { itemIndex: 0 },
    });
    expect(result.error()?.message).toBe('Check "answers" did not pass');
    expect(result.tasks('After')).toEqual([]);
  });

  test('a failing item continues on the regular or on the error output, as the node says', async () => {
    const fail = { action: '={{ $json.fail ? "fail" : "echo" }}' };
    const input = items({ json: { fail: true } }, { json: {} });
    const regular = await n8n.run(chain(input, probe(fail, { onError: 'continueRegularOutput' })));
    expect(regular.status).toBe('success');
    expect(regular.output('Probe').map(({ json }) => json)).toEqual([
      { error: 'Check "answers" did not pass' },
      { value: 'the default' },
    ]);

    const separate = await n8n.run(chain(input, probe(fail, { onError: 'continueErrorOutput' })));
    expect(separate.status).toBe('success');
    expect(separate.output('Probe').map(({ json }) => json)).toEqual([{ value: 'the default' }]);
    expect(separate.output('Probe', 1)).toHaveLength(1);
  });

  test('passes on hints, console messages and logs', async () => {
    const result = await n8n.run(chain(probe({ action: 'hint' })));
    expect(result.hints('Probe')).toEqual([
      { message: 'Nothing changed', type: 'info', location: 'outputPane' },
    ]);
    expect(messages).toEqual([{ source: '[Node: "Probe"]', messages: [{ step: 'flip' }] }]);
    expect(logged).toContain('info: logged by the node');
  });

  test('sends nothing to the console outside manual mode', async () => {
    const result = await n8n.run(chain(probe({ action: 'hint' })), { mode: 'trigger' });
    expect(result.run.mode).toBe('trigger');
    expect(messages).toEqual([]);
  });

  test('pinned data stands in for a node in manual mode', async () => {
    const pinData = { Probe: [{ json: { value: 'pinned' } }] };
    const manual = await n8n.run({ ...chain(probe({})), pinData });
    expect(manual.output('Probe')[0].json).toEqual({ value: 'pinned' });
    const production = await n8n.run({ ...chain(probe({})), pinData }, { mode: 'trigger' });
    expect(production.output('Probe')[0].json).toEqual({ value: 'the default' });
  });

  test('refuses node types and node names that are not there', async () => {
    await expect(n8n.run(chain({ name: 'X', type: 'x.unknown' }))).rejects.toThrow('"x.unknown"');
    const result = await n8n.run(chain(probe({})));
    expect(() => result.output('Prob')).toThrow('no node named "Prob"');
    await expect(n8n.run(chain(probe({})), { startNode: 'Prob' })).rejects.toThrow('no node named "Prob"');
  });

  test('starts from the node that is named, when a workflow has several triggers', async () => {
    const workflow = chain(probe({}));
    const schedule = { ...workflow.nodes[0], name: 'Schedule', type: 'n8n-nodes-base.scheduleTrigger' };
    workflow.nodes.push(schedule);
    workflow.connections.Schedule = workflow.connections.Start;
    const result = await n8n.run(workflow, { startNode: 'Schedule', mode: 'trigger' });
    expect(result.tasks('Start')).toEqual([]);
    expect(result.tasks('Schedule')).toHaveLength(1);
    expect(result.output('Probe')).toHaveLength(1);
  });
});

test('a cancelled run ends as canceled, after the node has seen the signal and put things right', async () => {
  const controller = new AbortController();
  const waiting = await createN8n({
    nodeTypes,
    onConsole: () => controller.abort(),
    onLog: (level, message) => logged.push(`${level}: ${message}`),
  });
  const result = await waiting.run(chain(probe({ action: 'wait' })), { signal: controller.signal });
  expect(result.status).toBe('canceled');
  expect(result.error('Probe')?.message).toBe('Cancelled');
  expect(logged).toContain('info: put things right');
  await waiting.close();
});

describe('credentials', () => {
  test('reach the node, completed with the defaults of their type', async () => {
    const result = await n8n.run(chain(probe({ action: 'credential' }, { credentials: account })));
    expect(result.output('Probe')[0].json).toEqual({ host: 'good.example', port: 22 });
  });

  test('are refused to a node that has none selected', async () => {
    const result = await n8n.run(chain(probe({ action: 'credential' })));
    expect(result.error('Probe')?.message).toBe('Node does not require credentials');
  });

  test('are tested by the method that the node names', async () => {
    await expect(
      n8n.testCredential('probe-nodes.probe', 'probeApi', { host: 'good.example' }),
    ).resolves.toEqual({ status: 'OK', message: 'Connected to port 22' });
    await expect(
      n8n.testCredential('probe-nodes.probe', 'probeApi', { host: 'bad.example' }),
    ).resolves.toEqual({ status: 'Error', message: 'No answer from bad.example' });
  });
});

test('fills resource locators and drop-downs from the node and its credentials', async () => {
  const lookup = { parameters: { value: 'r1' }, credentials: account, filter: 'r' };
  await expect(n8n.listSearch('probe-nodes.probe', 'searchReleases', lookup)).resolves.toEqual({
    results: [{ name: 'r1 on good.example, filtered by r', value: 'r1' }],
  });
  await expect(n8n.loadOptions('probe-nodes.probe', 'getActions', lookup)).resolves.toEqual([
    { name: 'Echo', value: 'r1' },
  ]);
});

describe('binary data', () => {
  const content = Buffer.alloc(300_000, 'engine');
  const digest = createHash('sha256').update(content).digest('hex');

  test('comes from a file and is streamed from the file system by default', async () => {
    const path = join(directory, 'engine.tar.gz');
    await writeFile(path, content);
    const result = await n8n.run(chain(items({ binary: { data: { path } } }), probe({ action: 'binary' })));
    expect(result.output('Items')[0].binary?.data).toMatchObject({ data: 'filesystem-v2', bytes: 300_000 });
    expect(result.output('Probe')[0].json).toEqual({ streamed: true, fileName: 'engine.tar.gz', digest });
  });

  test('stays in the item in memory mode', async () => {
    const inMemory = await createN8n({ nodeTypes, binaryData: 'memory' });
    const data = { base64: content.toString('base64'), fileName: 'e.tar', mimeType: 'application/x-tar' };
    const result = await inMemory.run(chain(items({ binary: { data } }), probe({ action: 'binary' })));
    expect(result.output('Probe')[0].json).toEqual({ streamed: false, fileName: 'e.tar', digest });
    await inMemory.close();
  });
});

test('loads a package as n8n loads community nodes', async () => {
  const root = join(directory, 'probe-package');
  await mkdir(join(root, 'dist'), { recursive: true });
  const manifest = { name: 'n8n-nodes-probe', version: '1.0.0', n8n: { nodes: ['dist/Tiny.node.js'] } };
  await writeFile(join(root, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(root, 'dist/Tiny.node.js'),
    `exports.Tiny = class {
      description = { displayName: 'Tiny', name: 'tiny', group: ['transform'], version: 1, description: '',
        defaults: { name: 'Tiny' }, inputs: ['main'], outputs: ['main'], properties: [] };
      async execute() { return [[{ json: { tiny: true } }]]; }
    };`,
  );
  const loaded = await createN8n(await loadPackage(root));
  const result = await loaded.run(chain({ name: 'Tiny', type: 'n8n-nodes-probe.tiny' }));
  expect(result.output('Tiny')[0].json).toEqual({ tiny: true });
  await loaded.close();
});

test('writes below its own temporary folder and takes it away with the last engine', async () => {
  const { userFolder } = await import('../support/n8n/environment');
  expect(userFolder.startsWith(tmpdir())).toBe(true);
  expect(existsSync(join(userFolder, '.n8n'))).toBe(true);
  await n8n.close();
  expect(existsSync(userFolder)).toBe(false);
});
