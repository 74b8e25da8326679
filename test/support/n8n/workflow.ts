import { randomUUID } from 'node:crypto';

import { Workflow } from 'n8n-workflow';
import type {
  IConnections,
  IDataObject,
  INode,
  INodeExecutionData,
  INodeTypes,
  IPinData,
  IWorkflowBase,
  IWorkflowSettings,
} from 'n8n-workflow';

/** A workflow as the editor exports it. Everything else that an export holds is accepted and left alone. */
export interface ExportedWorkflow {
  name?: string;
  nodes: INode[];
  connections: IConnections;
  settings?: IWorkflowSettings;
  /** Data pinned in the editor: stands in for a node's output, in manual mode only. */
  pinData?: Record<string, INodeExecutionData[]>;
}

/** A node of {@link chain}: what is left out gets a sensible value. */
export type NodeFixture = Pick<INode, 'name' | 'type'> & Partial<INode>;

/**
 * A workflow that starts with a manual trigger, named `Start`, and runs the given nodes one after the other.
 * A node's `credentials` are given as in an export: `{ someApi: { id: '1', name: 'Some account' } }`.
 */
export function chain(...fixtures: NodeFixture[]): ExportedWorkflow {
  return line({ name: 'Start', type: 'n8n-nodes-base.manualTrigger' }, ...fixtures);
}

/** A workflow of the given nodes, one after the other, that starts with the first of them. */
export function line(...fixtures: NodeFixture[]): ExportedWorkflow {
  const nodes = fixtures.map((fixture, index): INode => ({
    id: randomUUID(),
    typeVersion: 1,
    position: [index * 220, 0],
    parameters: {},
    ...fixture,
  }));
  const connections: IConnections = {};
  nodes.slice(1).forEach((node, index) => {
    connections[nodes[index].name] = { main: [[{ node: node.name, type: 'main', index: 0 }]] };
  });
  return { name: 'Chain', nodes, connections, settings: { executionOrder: 'v1' } };
}

/** What the engine runs, and the same as the plain data that its hooks ask for. */
export interface LoadedWorkflow {
  workflow: Workflow;
  data: IWorkflowBase;
  pinData: IPinData;
}

/**
 * Turns an export into what the engine runs. Nodes get the defaults of the parameters they don't set.
 * What nodes keep in `staticData` from one run to the next is the caller's to store.
 */
export function loadWorkflow(
  exported: ExportedWorkflow,
  nodeTypes: INodeTypes,
  staticData: IDataObject = {},
): LoadedWorkflow {
  // A copy, since the engine fills in defaults; through JSON, since that is how an import arrives.
  const source = JSON.parse(JSON.stringify(exported)) as ExportedWorkflow;
  const data: IWorkflowBase = {
    ...source,
    id: 'workflow',
    name: source.name ?? 'Workflow',
    active: false,
    activeVersionId: null,
    isArchived: false,
    createdAt: new Date(0),
    updatedAt: new Date(0),
    settings: { executionOrder: 'v1', ...source.settings },
  };
  const { id, name, nodes, connections, active, settings } = data;
  const workflow = new Workflow({ id, name, nodes, connections, active, nodeTypes, settings, staticData });
  return { workflow, data, pinData: source.pinData ?? {} };
}
