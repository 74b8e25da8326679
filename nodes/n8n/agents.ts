/**
 * Keeps AI agents from changing production unless a person has switched that on.
 *
 * n8n offers a whole node as a tool, not single operations of it; so whether an operation may run is decided here, when
 * it is called. What must not decide: anything an agent can fill in.
 */
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import type { Operation } from './operation';

/** The switch, shown only where the node is a tool and for operations that need it. */
export function allowAgentsField(operations: string[]): INodeProperties {
  return {
    displayName: 'Allow AI Agents',
    name: 'allowAgents',
    type: 'boolean',
    noDataExpression: true,
    default: false,
    description:
      'Whether an AI agent may call this operation, which changes the engine. While it is off, each such call is refused.',
    displayOptions: { show: { '@tool': [true], operation: operations } },
  };
}

/** What has n8n run the node: a workflow, an agent of a workflow, or something without a workflow that people see. */
export type Caller = 'workflow' | 'agent' | 'internal';

/**
 * Who calls the node. n8n has several ways to run a node as a tool, and each leaves another trace: a context of its
 * own, a type of its own, a mark on the node that an agent’s engine request leaves, or the mode of calls without a workflow.
 */
export function callerOf(node: IExecuteFunctions): Caller {
  // Where an agent configures its own tools, it could set the switch itself.
  if (node.getMode() === 'internal') return 'internal';
  const { type, rewireOutputLogTo } = node.getNode();
  // Older versions of n8n don’t have the method.
  const asTool = (node as Partial<IExecuteFunctions>).isToolExecution?.() ?? false;
  return asTool || type.endsWith('Tool') || rewireOutputLogTo !== undefined ? 'agent' : 'workflow';
}

/**
 * Keeps an agent from an operation that changes something, unless somebody allowed it on the node.
 *
 * @param harmless the names of the operations that an agent may always call
 * @throws DeployError `INPUT`
 */
export function refuseAgent(
  node: IExecuteFunctions,
  { value, changes }: Pick<Operation, 'value' | 'changes'>,
  harmless: readonly string[],
): void {
  const caller = callerOf(node);
  if (caller === 'workflow' || !changes) return;
  // As it was entered: an expression, which an agent may fill in, is no switch.
  if (caller === 'agent' && node.getNode().parameters.allowAgents === true) return;
  throw new DeployError('INPUT', `An AI agent may not call the operation “${value}” here.`, {
    description:
      caller === 'agent'
        ? `It changes the engine. A person can switch on “Allow AI Agents” in this tool; ${listed(harmless)} need no switch.`
        : 'It changes the engine, and outside a workflow nobody can have allowed it. Put the node into a workflow, and let the agent call that.',
  });
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
