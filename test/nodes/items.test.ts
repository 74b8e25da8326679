import { readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { IDataObject, INode, NodeOperationError } from 'n8n-workflow';

import { keptConnections } from '../../nodes/n8n/keeping';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n, type RunResult } from '../support/n8n';
import { checks, credentialFor, hotDeploy, items, openN8n, rollback } from '../support/nodes';
import { startRelay, type Relay, startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let relay: Relay;
let n8n: N8n;
let onMessage: (line: string) => void;
let v2: string;

beforeAll(async () => {
  sshd = await startSshd();
  relay = await startRelay(sshd.port);
  n8n = await openN8n(credentialFor(sshd, { port: relay.port, hostKeyFingerprint: sshd.fingerprint }), {
    onConsole: ({ messages }) => onMessage(String(messages[0])),
  });
  [v2] = await engineVersions(make, 'v2');
});

beforeEach(async () => {
  onMessage = () => undefined;
  await keptConnections.closeAll();
});

afterAll(async () => {
  await n8n.close();
  await relay.close();
  await sshd.stop();
});

/** Base paths of three engines below one new directory. */
async function threeEngines(): Promise<string[]> {
  const parent = await make('fleet');
  const paths = ['a', 'b', 'c'].map((name) => join(parent, name));
  for (const path of paths) await mkdir(path);
  return paths;
}

/** Deploys once per base path, each given by an expression. */
async function deployEach(
  paths: string[],
  parameters: IDataObject = {},
  rest: Partial<INode> = {},
): Promise<RunResult> {
  const fixtures = paths.map((path) => ({ json: { path } }));
  const node = hotDeploy({ basePath: '={{ $json.path }}', sourceDirectory: v2, ...parameters }, rest);
  return n8n.run(chain(items(...fixtures), node));
}

function isLive(path: string): boolean {
  try {
    return readlinkSync(join(path, 'current')).startsWith('releases/');
  } catch {
    return false;
  }
}

test('several items: each has its own base path, all go over one connection, outputs are paired', async () => {
  const paths = await threeEngines();
  const before = relay.connections;
  const result = await deployEach(paths);
  const output = result.output('Hot Deploy');
  expect(output.map(({ json }) => json.basePath)).toEqual(paths);
  expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
  expect(relay.connections - before).toBe(1);
  expect(paths.map(isLive)).toEqual([true, true, true]);
});

test('each item can name another host, which gets one connection of its own', async () => {
  const paths = await threeEngines();
  const before = relay.connections;
  const fixtures = paths.map((path, index) => ({
    json: { path, host: ['localhost', '', 'localhost'][index] },
  }));
  const node = hotDeploy({
    operation: 'status',
    basePath: '={{ $json.path }}',
    hostOverride: '={{ $json.host }}',
  });
  const output = (await n8n.run(chain(items(...fixtures), node))).output('Hot Deploy');
  expect(output.map(({ json }) => json.host)).toEqual(['localhost', '127.0.0.1', 'localhost']);
  expect(relay.connections - before).toBe(2);
});

test('one input item with several outputs pairs all of them with it', async () => {
  const paths = await threeEngines();
  for (const path of [paths[0], paths[0], paths[1]]) {
    await deployEach([path], { options: { deployUnchanged: true } });
  }
  const fixtures = paths.slice(0, 2).map((path) => ({ json: { path } }));
  const node = rollback({ operation: 'getAll', basePath: '={{ $json.path }}' });
  const output = (await n8n.run(chain(items(...fixtures), node))).output('Rollback');
  expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 0 }, { item: 1 }]);
});

/** A check that does not pass in the engine named `b`. */
const notInB = {
  type: 'command',
  name: 'not in b',
  command: "python -c \"import os; print('looked ENOENT'); raise SystemExit('/b/' in os.getcwd())\"",
};

test('a failing item ends the node: the message names the check and what is live, the rest is not done', async () => {
  const paths = await threeEngines();
  const result = await deployEach(paths, { checks: checks(notInB) });
  expect(result.status).toBe('error');
  expect(result.error('Hot Deploy')).toMatchObject({
    name: 'NodeOperationError',
    message: `Check “not in b” did not pass before the switch: exit code 1. Nothing is live in ${paths[1]} yet; the deployment changed nothing.`,
    description: expect.stringContaining('looked ENOENT'),
    context: { itemIndex: 1 },
  });
  expect(paths.map(isLive)).toEqual([true, false, false]);
});

test('a sentence that holds a system code is shown whole', async () => {
  const [path] = await threeEngines();
  const named = { ...notInB, name: 'no ENOENT in b', command: 'false' };
  const result = await deployEach([path], { checks: checks(named) });
  expect(result.error('Hot Deploy')?.message).toMatch(/^Check “no ENOENT in b” did not pass/);
});

const failed = {
  status: 'failed',
  error: expect.stringMatching(/^Check “not in b” did not pass before the switch: exit code 1\./),
  message: expect.stringContaining('looked ENOENT'),
  details: expect.objectContaining({
    code: 'CHECK',
    host: '127.0.0.1',
    live: null,
    previousRelease: null,
    attempted: expect.stringMatching(/^\d{8}-\d{6}-/),
    source: expect.objectContaining({ type: 'directory', digest: expect.any(String) }),
    changes: expect.objectContaining({ added: expect.arrayContaining(['run.py']) }),
    dependencies: expect.objectContaining({ status: 'none' }),
    backup: null,
    durationMs: expect.any(Number),
    reverted: false,
    step: 'check before the switch',
    steps: expect.any(Array),
    checks: expect.arrayContaining([
      expect.objectContaining({ name: 'not in b', passed: false, reason: 'exit code 1' }),
    ]),
  }),
};

test('Continue: a failing item in the middle becomes an item that says why, the others are done', async () => {
  const paths = await threeEngines();
  const result = await deployEach(paths, { checks: checks(notInB) }, { onError: 'continueRegularOutput' });
  expect(result.status).toBe('success');
  const output = result.output('Hot Deploy');
  expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
  expect(output.map(({ json }) => json.status)).toEqual(['deployed', 'failed', 'deployed']);
  expect(output[1].json).toEqual(failed);
  expect(paths.map(isLive)).toEqual([true, false, true]);
});

test('Continue Using Error Output: the failing item goes there, with its input and why', async () => {
  const paths = await threeEngines();
  const result = await deployEach(paths, { checks: checks(notInB) }, { onError: 'continueErrorOutput' });
  expect(result.output('Hot Deploy').map(({ json }) => json.basePath)).toEqual([paths[0], paths[2]]);
  expect(result.output('Hot Deploy', 1)).toEqual([
    expect.objectContaining({ json: { path: paths[1], ...failed }, pairedItem: { item: 1 } }),
  ]);
});

test('an error workflow finds the full result in the context, with what is live now', async () => {
  const [path] = await threeEngines();
  const { release } = (await deployEach([path])).output('Hot Deploy')[0].json;
  const check = { type: 'command', name: 'later', command: 'false', when: 'after' };
  const parameters = { checks: checks(check), options: { deployUnchanged: true } };
  const { context } = (await deployEach([path], parameters)).error('Hot Deploy') as NodeOperationError;
  expect(context.data).toMatchObject({
    code: 'CHECK',
    basePath: path,
    live: release,
    previousRelease: release,
    attempted: expect.any(String),
    reverted: true,
    backup: null,
    checks: expect.arrayContaining([expect.objectContaining({ name: 'later', when: 'after' })]),
  });

  expect((context.data as IDataObject).attempted).not.toBe(release);
  const node = rollback({ basePath: path, checks: checks({ ...check, when: 'before' }) });
  await deployEach([path], { options: { deployUnchanged: true } });
  const refused = (await n8n.run(chain(node))).error('Rollback') as NodeOperationError;
  expect(refused.context.data).toMatchObject({
    code: 'CHECK',
    attempted: release,
    source: { type: 'directory' },
    changes: { counts: { added: 0, modified: 0, removed: 0 } },
  });
});

test('Retry On Fail tries again until it goes live, and takes no success for a failure', async () => {
  const [path] = await threeEngines();
  const marker = join(await make('marker'), 'seen');
  const second = {
    type: 'command',
    name: 'second time',
    command: `sh -c "test -e ${marker} || { touch ${marker}; exit 1; }"`,
    when: 'before',
  };
  const retry = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
  const result = await deployEach([path], { checks: checks(second) }, retry);
  expect(result.status).toBe('success');
  expect(result.output('Hot Deploy').map(({ json }) => json.status)).toEqual(['deployed']);

  const releases = () => result.output('Hot Deploy')[0].json.release;
  const again = await deployEach([path], {}, retry);
  expect(again.output('Hot Deploy')[0].json).toMatchObject({ status: 'unchanged', release: releases() });
});

test('P5: a connection that breaks during one item is made anew for the next', async () => {
  const paths = await threeEngines();
  const before = relay.connections;
  onMessage = (line) => {
    if (line.startsWith(`${paths[1]}: transfer and assemble …`)) relay.cut();
  };
  const result = await deployEach(paths, {}, { onError: 'continueRegularOutput' });
  const output = result.output('Hot Deploy').map(({ json }) => json);
  expect(output.map(({ status }) => status)).toEqual(['deployed', 'failed', 'deployed']);
  expect(output[1]).toMatchObject({
    error: expect.stringMatching(/broke off|is gone/),
    details: { code: 'LOST' },
  });
  expect(relay.connections - before).toBe(2);
});
