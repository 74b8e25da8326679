/**
 * An AI agent's way to a node through n8n: n8n's own engine runs the tool, in each of the ways it has for that. Only the
 * agent is a stand-in, whose model always decides to call the one tool it has; and a node becomes a tool as in the
 * package `n8n` itself (`tool-generation/ai-tools.ts`), which is too large for a test's dependency.
 */
import type {
  EngineRequest,
  EngineResponse,
  IDataObject,
  IExecuteFunctions,
  INode,
  INodeExecutionData,
  INodeType,
  INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import type { ExportedWorkflow, NodeFixture } from './workflow';
import { chain } from './workflow';

/** How agents call tools: by a function that n8n gives them, or by asking the engine to run the tool’s node. */
export const WAYS = ['function', 'request'] as const;
export type Way = (typeof WAYS)[number];

/** The tool that n8n makes of a node; it refuses those that may not be one. */
export function toolOf(node: INodeType): INodeType {
  if (!node.description.usableAsTool) throw new Error('Node cannot be used as a tool');
  const { name, displayName } = node.description;
  const description: INodeTypeDescription = {
    ...node.description,
    name: `${name}Tool`,
    displayName: `${displayName} Tool`,
    inputs: [],
    outputs: [NodeConnectionTypes.AiTool],
    properties: [...node.description.properties],
  };
  delete description.usableAsTool;
  return Object.create(node, { description: { value: description } }) as INodeType;
}

interface Tool {
  invoke(input: IDataObject): Promise<string>;
}

/** Calls its one tool in the way, and with the input, that its parameters name; sends out what comes back. */
export class Agent implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Agent',
    name: 'agent',
    group: ['transform'],
    version: 1,
    description: 'Stand-in',
    defaults: { name: 'Agent' },
    inputs: [NodeConnectionTypes.Main, { type: NodeConnectionTypes.AiTool }],
    outputs: [NodeConnectionTypes.Main],
    properties: ['way', 'input', 'tool'].map((name) => ({
      displayName: name,
      name,
      type: 'json',
      default: '',
    })),
  };

  async execute(
    this: IExecuteFunctions,
    response?: EngineResponse,
  ): Promise<INodeExecutionData[][] | EngineRequest> {
    const input = this.getNodeParameter('input', 0) as IDataObject;
    if (response?.actionResponses?.length) {
      const [{ data }] = response.actionResponses;
      const items = data.data?.ai_tool?.[0] ?? data.data?.main?.[0] ?? [];
      const heard = data.error ? { error: data.error.message } : { said: items.map(({ json }) => json) };
      return [[{ json: heard }]];
    }
    if (this.getNodeParameter('way', 0) === 'request') {
      const nodeName = this.getNodeParameter('tool', 0) as string;
      const type = NodeConnectionTypes.AiTool;
      const action = {
        actionType: 'ExecutionNodeAction' as const,
        nodeName,
        input,
        type,
        id: '1',
        metadata: {},
      };
      return { actions: [action], metadata: {} };
    }
    const tools = (await this.getInputConnectionData(NodeConnectionTypes.AiTool, 0)) as Tool | Tool[];
    try {
      return [[{ json: { said: JSON.parse(await [tools].flat()[0].invoke(input)) as IDataObject[] } }]];
    } catch (error) {
      return [[{ json: { error: (error as Error).message } }]];
    }
  }
}

/** A workflow whose agent calls `tool` as soon as it is started. */
export function agentCalling(tool: NodeFixture, way: Way, input: IDataObject = {}): ExportedWorkflow {
  const workflow = chain({
    name: 'Agent',
    type: 'test.agent',
    parameters: { way, input, tool: tool.name } as INode['parameters'],
  });
  const node: INode = { id: 'tool', typeVersion: 1, position: [0, 200], parameters: {}, ...tool };
  const connection = { node: 'Agent', type: NodeConnectionTypes.AiTool, index: 0 };
  return {
    ...workflow,
    nodes: [...workflow.nodes, node],
    connections: { ...workflow.connections, [tool.name]: { ai_tool: [[connection]] } },
  };
}
