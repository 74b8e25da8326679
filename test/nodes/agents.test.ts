/** AI agents look and plan; what changes an engine they do only where a person allowed it. */
import { ExecuteContext } from 'n8n-core';
import { createEmptyRunExecutionData, Workflow } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INode, NodeOperationError } from 'n8n-workflow';

import { callerOf, refuseAgent } from '../../nodes/n8n/agents';
import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { deploy } from '../../nodes/HotDeploy/operations/deploy';
import { HARMLESS, OPERATIONS } from '../../nodes/operations';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { Agent, agentCalling, toolOf, type Way, WAYS } from '../support/n8n/agent';
import { NodeTypes } from '../support/n8n/nodeTypes';
import {
  credentialFor,
  HOT_DEPLOY,
  hotDeploy,
  onlyJson,
  openN8n,
  ROLLBACK,
  rollback,
  RUN,
  runEngine,
} from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';
import { thrownBy } from '../support/thrown';

const NODES = {
  [HOT_DEPLOY]: new HotDeploy(),
  [ROLLBACK]: new RollbackExtractionEngine(),
  [RUN]: new RunExtractionEngine(),
};
const TOOLS = {
  [`${HOT_DEPLOY}Tool`]: toolOf(NODES[HOT_DEPLOY]),
  [`${ROLLBACK}Tool`]: toolOf(NODES[ROLLBACK]),
  [`${RUN}Tool`]: toolOf(NODES[RUN]),
};

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let versions: string[];
let basePath: string;
let live: unknown;

beforeAll(async () => {
  sshd = await startSshd();
  const nodeTypes = { ...NODES, ...TOOLS, 'test.agent': new Agent() };
  n8n = await openN8n(credentialFor(sshd), { nodeTypes });
  versions = await engineVersions(make, 'base', 'v2', 'v4');
  basePath = await make('app');
  for (const sourceDirectory of versions.slice(0, 2)) {
    live = onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory })))).release;
  }
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

async function liveNow(): Promise<unknown> {
  return onlyJson(await n8n.run(chain(hotDeploy({ basePath, operation: 'status' })))).release;
}

interface Heard {
  said?: IDataObject[];
  error?: string;
}

const MAKE = { 'Hot Deploy': hotDeploy, Rollback: rollback, Run: runEngine };

/** What an agent hears back from the tool that a node is. */
async function call(
  node: keyof typeof MAKE,
  way: Way,
  parameters: IDataObject,
  input: IDataObject = {},
): Promise<Heard> {
  const tool = MAKE[node]({ basePath, ...parameters });
  const workflow = agentCalling({ ...tool, type: `${tool.type}Tool` }, way, input);
  const result = await n8n.run(workflow);
  const [item] = result.output('Agent');
  const thrown = result.error(tool.name) ?? result.error('Agent');
  return item ? (item.json as Heard) : { error: thrown?.message };
}

const SHORT = {
  HotDeploy: 'Hot Deploy',
  RollbackExtractionEngine: 'Rollback',
  RunExtractionEngine: 'Run',
} as const;
const CHANGING = (Object.keys(SHORT) as Array<keyof typeof SHORT>).flatMap((node) =>
  OPERATIONS[node].filter(({ changes }) => changes).map(({ value }) => [SHORT[node], value] as const),
);

describe.each(WAYS)('called by %s', (way) => {
  test('looking, listing and planning work, without a switch', async () => {
    expect(await call('Hot Deploy', way, { operation: 'status' })).toMatchObject({
      said: [{ release: live }],
    });
    expect(await call('Hot Deploy', way, { operation: 'plan', sourceDirectory: versions[2] })).toMatchObject({
      said: [{ status: 'planned', unchanged: false }],
    });
    const { said } = await call('Rollback', way, { operation: 'getAll' });
    expect(said?.map(({ state }) => state)).toEqual(['live', 'previous']);
  });

  test.each(CHANGING)('P7: %s: %s is refused, and nothing is changed', async (node, operation) => {
    for (const allowAgents of [undefined, false, '={{ true }}', "={{ $fromAI('allow', '', 'boolean') }}"]) {
      const parameters = { operation, allowAgents, sourceDirectory: versions[2] };
      const { error, said } = await call(node, way, parameters, { allow: true, allowAgents: true });
      expect([said, error]).toEqual([
        undefined,
        expect.stringContaining(`An AI agent may not call the operation “${operation}”`),
      ]);
    }
    expect(await liveNow()).toBe(live);
  });

  test('P7: an operation that the agent chooses is no way around it', async () => {
    const operation = "={{ $fromAI('operation', '', 'string') }}";
    const { error } = await call('Rollback', way, { operation }, { operation: 'rollback' });
    expect(error).toContain('may not call');
    expect(await liveNow()).toBe(live);
  });

  test('where a person switched it on, it goes live', async () => {
    const heard = await call('Rollback', way, { operation: 'rollback', allowAgents: true });
    expect(heard).toMatchObject({ said: [{ status: 'rolledBack' }] });
    expect(await liveNow()).not.toBe(live);
    const back = await call('Rollback', way, { operation: 'rollback', allowAgents: true });
    expect(back).toMatchObject({ said: [{ status: 'rolledBack', release: live }] });
  });

  test('1f.14: where a person switched it on, it runs the engine', async () => {
    const started = { start: 'program', program: 'printf', arguments: ['ran'], output: 'text' };
    const heard = await call('Run', way, { operation: 'run', ...started, allowAgents: true });
    expect(heard).toMatchObject({ said: [{ status: 'succeeded', release: live, output: 'ran' }] });
  });
});

test('P7: without a workflow that people see, the switch counts for nothing', async () => {
  const parameters = { operation: 'rollback', allowAgents: true, basePath, connection: 'local' };
  const node: INode = { id: '1', name: 'N', type: ROLLBACK, typeVersion: 1, position: [0, 0], parameters };
  const nodeTypes = new NodeTypes(NODES);
  const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
  const run = createEmptyRunExecutionData();
  const data = { main: [[{ json: {} }]] };
  const executeData = { node, data, source: null };
  // As n8n’s own executor of agents’ nodes makes it.
  const context = new ExecuteContext(
    workflow,
    node,
    {} as never,
    'internal',
    run,
    0,
    data.main[0],
    data,
    executeData,
    [],
  );
  expect(callerOf(context)).toBe('internal');
  await workflow.expression.acquireIsolate();
  const refused = await NODES[ROLLBACK].execute.call(context).catch((error: unknown) => error);
  expect((refused as NodeOperationError).message).toContain('may not call the operation “rollback”');
});

test('a workflow itself needs no switch, in an n8n that knows nothing of tools either', () => {
  const node = { getMode: () => 'trigger', getNode: () => ({ type: HOT_DEPLOY, parameters: {} }) };
  expect(callerOf(node as unknown as IExecuteFunctions)).toBe('workflow');
  expect(() => refuseAgent(node as unknown as IExecuteFunctions, deploy, HARMLESS)).not.toThrow();
});

test('P7: whoever is refused is told what to switch on, and what needs no switch', async () => {
  const node = { getMode: () => 'manual', getNode: () => ({ type: `${HOT_DEPLOY}Tool`, parameters: {} }) };
  const refused = await thrownBy(
    (async () => refuseAgent(node as unknown as IExecuteFunctions, deploy, HARMLESS))(),
  );
  const [last, ...others] = [...HARMLESS].reverse();
  expect(refused).toMatchObject({
    message: 'An AI agent may not call the operation “deploy” here.',
    description: `It changes the engine. A person can switch on “Allow AI Agents” in this tool; ${others.reverse().join(', ')} and ${last} need no switch.`,
  });
  expect(HARMLESS).toEqual(expect.arrayContaining(['Get Status', 'Plan Deployment', 'Get Many Releases']));
});
