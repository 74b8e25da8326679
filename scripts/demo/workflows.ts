/** n8n's own engine with the built package, and the shipped workflows as a person sets them up on this machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import {
  type ConsoleMessage,
  createN8n,
  type ExportedWorkflow,
  loadPackage,
  type N8n,
} from '../../test/support/n8n';
import { exampleNodes, FormPages } from '../../test/support/n8n/exampleNodes';
import { ENGINE_ENVIRONMENT } from '../../test/support/engine';

const PACKAGE = join(__dirname, '..', '..');
const SECRETS = 'hotDeployEngineSecretsApi';

/** Where an engine and its versions are. */
export interface Place {
  basePath: string;
  /** The directory that has one of each version. */
  versions: string;
}

/** Stands in for n8n's Wait node, which is part of another package. */
export const wait = {
  description: {
    displayName: 'Wait',
    name: 'wait',
    group: [],
    version: 1.1,
    description: '',
    defaults: {},
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    properties: [{ displayName: 'Seconds', name: 'amount', type: 'number', default: 1 }],
  } satisfies INodeTypeDescription,
  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    await sleep((this.getNodeParameter('amount', 0) as number) * 1000);
    return [this.getInputData()];
  },
};

export async function openN8n(): Promise<N8n> {
  const variables = Object.entries(ENGINE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const loaded = await loadPackage(PACKAGE);
  return createN8n({
    ...loaded,
    credentials: { [SECRETS]: { secretVariables: variables.join('\n'), pass: 'environment' } },
    nodeTypes: { ...loaded.nodeTypes, ...exampleNodes(new FormPages({})), 'n8n-nodes-base.wait': wait },
    onConsole: show,
  });
}

/** As a person would after importing it: the paths are set to those of this machine, and what is reached by SSH is here. */
export async function readWorkflow(name: string, { basePath, versions }: Place): Promise<ExportedWorkflow> {
  const workflow = (await readFile(join(PACKAGE, 'examples', `${name}.json`), 'utf8'))
    .replaceAll('"/app"', JSON.stringify(basePath))
    .replaceAll('"connection": "ssh"', '"connection": "local"')
    .replaceAll('"/files/engine/', JSON.stringify(join(versions, '/')).slice(0, -1));
  const parsed = JSON.parse(workflow) as ExportedWorkflow;
  for (const node of parsed.nodes) {
    if (node.type.endsWith('.runExtractionEngine'))
      node.credentials = { [SECRETS]: { id: '1', name: 'API keys' } };
  }
  return parsed;
}

/** The tables tell how each switch was done, which the simplified output leaves out. */
export function withFullOutput(workflow: ExportedWorkflow): ExportedWorkflow {
  const nodes = workflow.nodes.map((node) => ({
    ...node,
    parameters: { ...node.parameters, simplify: false },
  }));
  return { ...workflow, nodes };
}

/** Prints what a node tells the editor's console; that a step begins is left out, the line after says that it ended. */
function show({ source, messages }: ConsoleMessage): void {
  const text = messages.join(' ');
  if (text.endsWith('…')) return;
  const node = source.replace(/^\[Node: "(.*)"\]$/, '$1');
  // Extractions print their results, back to back.
  if (node === 'Extract') return;
  console.log(`  ${node} | ${text.replace(/^\S+: /, '').replace(/\n/g, '\n      ')}`);
}
