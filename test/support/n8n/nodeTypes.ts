/**
 * Minimal stand-ins for the nodes around the one under test. n8n-nodes-base itself brings hundreds of megabytes,
 * none of which a deployment needs.
 */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';

import { NodeHelpers, NodeConnectionTypes } from 'n8n-workflow';
import type {
  IBinaryKeyData,
  IDataObject,
  IExecuteFunctions,
  INodeExecutionData,
  INodeType,
  INodeTypeDescription,
  INodeTypes,
  ITriggerFunctions,
  IVersionedNodeType,
} from 'n8n-workflow';

export type AnyNodeType = INodeType | IVersionedNodeType;

/** One item that `test.items` emits. A binary property comes from a file or from base64 text. */
export interface ItemFixture {
  json?: IDataObject;
  binary?: Record<string, { path?: string; base64?: string; fileName?: string; mimeType?: string }>;
}

function describe(description: Partial<INodeTypeDescription> & { name: string }): INodeTypeDescription {
  return {
    displayName: description.name,
    group: ['transform'],
    version: [1, 1.1, 1.2, 1.3],
    description: 'Stand-in',
    defaults: { name: description.name },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    properties: [],
    ...description,
  };
}

/** Emits one empty item, as the manual trigger does. */
class TriggerStandIn implements INodeType {
  description: INodeTypeDescription;

  constructor(name: string) {
    this.description = describe({ name, group: ['trigger'], inputs: [] });
  }

  async trigger(this: ITriggerFunctions) {
    return { manualTriggerFunction: async () => this.emit([[{ json: {} }]]) };
  }
}

class NoOp implements INodeType {
  description = describe({ name: 'noOp' });

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return [this.getInputData()];
  }
}

/** Emits the items of its parameter `items` (an array of {@link ItemFixture}), whatever comes in. */
class Items implements INodeType {
  description = describe({
    name: 'items',
    properties: [{ displayName: 'Items', name: 'items', type: 'json', default: '[]' }],
  });

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const fixtures = this.getNodeParameter('items', 0) as unknown as ItemFixture[];
    const items = fixtures.map(async ({ json = {}, binary = {} }): Promise<INodeExecutionData> => {
      const prepared: IBinaryKeyData = {};
      for (const [property, { path, base64 = '', fileName, mimeType }] of Object.entries(binary)) {
        const content = path === undefined ? Buffer.from(base64, 'base64') : createReadStream(path);
        const name = fileName ?? (path === undefined ? undefined : basename(path));
        prepared[property] = await this.helpers.prepareBinaryData(content, name, mimeType);
      }
      return { json, binary: prepared, pairedItem: { item: 0 } };
    });
    return [await Promise.all(items)];
  }
}

const STAND_INS: Record<string, AnyNodeType> = {
  'n8n-nodes-base.manualTrigger': new TriggerStandIn('manualTrigger'),
  'n8n-nodes-base.scheduleTrigger': new TriggerStandIn('scheduleTrigger'),
  'n8n-nodes-base.noOp': new NoOp(),
  // A note is part of an exported workflow, and no wire ever leads to it.
  'n8n-nodes-base.stickyNote': new NoOp(),
  'test.items': new Items(),
};

/** The node types of a run: the stand-ins and those under test, by full name. */
export class NodeTypes implements INodeTypes {
  private readonly types: Record<string, AnyNodeType>;

  constructor(nodeTypes: Record<string, AnyNodeType>) {
    this.types = { ...STAND_INS, ...nodeTypes };
  }

  getByName(name: string): AnyNodeType {
    const nodeType = this.types[name];
    if (nodeType) return nodeType;
    throw new Error(`The node type "${name}" is not known here; pass it to createN8n as one of nodeTypes`);
  }

  getByNameAndVersion(name: string, version?: number): INodeType {
    return NodeHelpers.getVersionedNodeType(this.getByName(name), version);
  }

  getKnownTypes(): IDataObject {
    return {};
  }
}
