import type {
  IExecuteFunctions,
  INodeExecutionData,
  INodeOutputConfiguration,
  INodeParameters,
  NodeConnectionType,
} from 'n8n-workflow';

import { callerOf } from '../n8n/agents';

/** The node's outputs. n8n evaluates it as an expression: it may use nothing but its parameter. */
export const configuredOutputs = (
  parameters: INodeParameters,
): Array<NodeConnectionType | INodeOutputConfiguration> => {
  if (parameters.operation !== 'deploy' || !parameters.notDeployedOutput) return ['main'];
  return [
    { type: 'main', displayName: 'Deployed' },
    { type: 'main', displayName: 'Not Deployed' },
  ];
};

/** Puts what changed nothing onto the second output, where that is switched on. */
export function toOutputs(
  node: IExecuteFunctions,
  [items = []]: INodeExecutionData[][],
): INodeExecutionData[][] {
  const { operation, notDeployedOutput } = node.getNode().parameters;
  // An agent is told what comes out first, and nothing else.
  if (callerOf(node) !== 'workflow') return [items];
  // A parameter that was never touched is not in the node: the operation is what it is by default then.
  if ((operation ?? 'deploy') !== 'deploy' || notDeployedOutput !== true) return [items];
  const unchanged = ({ json }: INodeExecutionData) => json.status === 'unchanged';
  return [items.filter((item) => !unchanged(item)), items.filter(unchanged)];
}
