import { randomUUID } from 'node:crypto';

import type { IConnections, INode, INodeParameters } from 'n8n-workflow';

import type { ExportedWorkflow, NodeFixture } from '../../support/n8n';

/** A workflow of the given nodes, one after the other. (The main suite's would load n8n's engine.) */
export function chain(...fixtures: NodeFixture[]): ExportedWorkflow {
  const nodes = fixtures.map((fixture, index): INode => ({
    id: randomUUID(),
    typeVersion: 1,
    position: [index * 224, 0],
    parameters: {},
    ...fixture,
  }));
  const connections: IConnections = {};
  nodes.slice(1).forEach(({ name }, index) => {
    connections[nodes[index].name] = { main: [[{ node: name, type: 'main', index: 0 }]] };
  });
  return { nodes, connections, settings: { executionOrder: 'v1' } };
}

/** Likewise, started by hand from `Start`. */
export function manual(...fixtures: NodeFixture[]): ExportedWorkflow {
  return chain({ name: 'Start', type: 'n8n-nodes-base.manualTrigger' }, ...fixtures);
}

/** A webhook that is answered with what comes out of the workflow's last node. */
export function answeredWebhook(path: string, parameters: INodeParameters = {}): NodeFixture {
  return {
    name: 'Webhook',
    type: 'n8n-nodes-base.webhook',
    typeVersion: 2,
    webhookId: path,
    parameters: { path, responseMode: 'lastNode', options: {}, ...parameters },
  };
}

/** A workflow that has a node work on each item of what is posted to a webhook, and answers with all that came of them. */
export function onEachItem(path: string, node: NodeFixture): ExportedWorkflow {
  const split = {
    name: 'Each',
    type: 'n8n-nodes-base.splitOut',
    parameters: { fieldToSplitOut: 'body.items', options: {} },
  };
  const posted = answeredWebhook(path, { httpMethod: 'POST', responseData: 'allEntries' });
  return {
    // So that each item that fails comes back, and not only the first one.
    ...chain(posted, split, { ...node, onError: 'continueRegularOutput' }),
    name: path,
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none' },
  };
}
