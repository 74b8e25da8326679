import { randomUUID } from 'node:crypto';

import type { IConnections, INode } from 'n8n-workflow';

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
