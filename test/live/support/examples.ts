import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { INode, INodeCredentials, INodeParameters } from 'n8n-workflow';

import type { ExportedWorkflow } from '../../support/n8n';
import { ROOT } from './paths';

const EXAMPLES = join(ROOT, 'examples');
const HOT_DEPLOY = 'n8n-nodes-hot-deploy.hotDeploy';

/** The shipped workflows' names, without `.json`. */
export const EXAMPLE_NAMES = readdirSync(EXAMPLES)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''));

/** A shipped workflow as it lies in its file. */
export function readExample(name: string): ExportedWorkflow {
  return JSON.parse(readFileSync(join(EXAMPLES, `${name}.json`), 'utf8')) as ExportedWorkflow;
}

/** What a person fills in after the import. */
export interface SetUp {
  /** By type of node, the credentials chosen in every node of that type. */
  credentials: Record<string, INodeCredentials>;
  /** Texts of the parameters, and what takes their place. */
  replace: Record<string, string>;
}

/** The nodes of an imported workflow, set up as its notes say. Packages are left out: the engine needs none. */
export function setUpNodes(nodes: readonly INode[], { credentials, replace }: SetUp): INode[] {
  return nodes.map((node) => {
    let text = JSON.stringify(node.parameters);
    for (const [from, to] of Object.entries(replace)) text = text.replaceAll(from, to);
    const parameters = JSON.parse(text) as INodeParameters;
    if (node.type === HOT_DEPLOY) parameters.dependencies = 'none';
    return { ...node, parameters, credentials: credentials[node.type] ?? node.credentials };
  });
}
