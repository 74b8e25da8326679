/** examples/push-to-service.json in n8n's own engine, from its file: a real repository, and a service that `serve.py` runs. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { HotDeployTrigger } from '../../nodes/HotDeployTrigger/HotDeployTrigger.node';
import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { keptConnections } from '../../nodes/n8n/keeping';
import { AskingClients } from '../support/askingClients';
import { PYTHON, temporaryDirectories } from '../support/deployment';
import { createN8n, type ExportedWorkflow, type N8n, type RunResult } from '../support/n8n';
import { exampleNodes, FormPages } from '../support/n8n/exampleNodes';
import { ACCOUNT, credentialFor, HOT_DEPLOY, TRIGGER } from '../support/nodes';
import { answerOf, ask, endService, freePort, startServe, writeServed } from '../support/servedEngine';
import { startSshd, type Sshd } from '../support/sshd';

const FILE = join(__dirname, '../../examples/push-to-service.json');

jest.setTimeout(180_000);
const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let basePath: string;
let repository: string;
let port: number;

beforeAll(async () => {
  sshd = await startSshd();
  process.env.N8N_HOT_DEPLOY_GIT_CACHE = await make('cache');
  n8n = await createN8n({
    nodeTypes: {
      [HOT_DEPLOY]: new HotDeploy(),
      [TRIGGER]: new HotDeployTrigger(),
      ...exampleNodes(new FormPages({})),
    },
    credentials: { hotDeploySshApi: credentialFor(sshd) },
    onClose: () => keptConnections.closeAll(),
  });
  basePath = await make('app');
  repository = await make('repository');
  port = await freePort();
  git('init', '-q', '-b', 'main');
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
  delete process.env.N8N_HOT_DEPLOY_GIT_CACHE;
});

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' }).trim();
}

/** Commits a version and runs the workflow for that push. */
async function push(version: string, start = '', checked = true): Promise<RunResult & { head: string }> {
  await writeServed(repository, version, start);
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', version);
  const head = git('rev-parse', 'HEAD');
  const item: IDataObject = {
    cloneUrl: `file://${repository}`,
    reference: 'refs/heads/main',
    commit: head,
    pusher: 'alice',
    message: `Version ${version}`,
  };
  const pinData = { 'On push': [{ json: item }] };
  return Object.assign(await n8n.run(setUp(checked), { pinData, startNode: 'On push' }), { head });
}

/** What its note says that a person fills in. `checked`: not yet while nothing listens. */
function setUp(checked: boolean): ExportedWorkflow {
  const text = readFileSync(FILE, 'utf8')
    .replaceAll('https://github.com/acme/engine.git', `file://${repository}`)
    .replaceAll('"/app"', JSON.stringify(basePath))
    .replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`);
  const workflow = JSON.parse(text) as ExportedWorkflow;
  for (const node of workflow.nodes.filter(({ type }) => type === HOT_DEPLOY)) {
    node.credentials = ACCOUNT;
    node.parameters.dependencies = 'none';
    node.parameters.options = { ...(node.parameters.options as IDataObject), python: PYTHON } as never;
    if (!checked) node.parameters.checks = {};
  }
  return workflow;
}

const posted = (result: RunResult, node: string) => result.output(node).map(({ json }) => json);

test('a push is handed over under load and told in Slack; one that dies at its start is told there, and never answers', async () => {
  const first = await push('1', '', false);
  expect(posted(first, 'Tell that it answers')).toEqual([
    { channel: '#deployments', message: expect.stringContaining('No serve.py runs there') },
  ]);
  const serve = startServe(basePath, port);
  try {
    expect(await answerOf(port, 'version 1')).toBe('version 1');
    const clients = new AskingClients(port, 2);
    const second = await push('2');
    expect(posted(second, 'Tell that it answers')).toEqual([
      {
        channel: '#deployments',
        message: `:white_check_mark: alice put ${second.head.slice(0, 12)} live: Version 2\nThe service was handed over.`,
      },
    ]);
    const bad = await push('3', 'raise SystemExit(3)');
    expect(posted(bad, 'Tell why it did not go live')).toEqual([
      { channel: '#deployments', message: expect.stringMatching(/^:x: The push of alice .*exit code 3/) },
    ]);
    expect(bad.tasks('Tell that it answers')).toEqual([]);
    expect(await ask(port)).toBe('version 2');
    expect(Object.keys(await clients.stop())).toEqual(['version 1', 'version 2']);
  } finally {
    await endService(serve);
  }
});
