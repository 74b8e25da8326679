/** Minimal stand-ins for the nodes of n8n that the shipped workflows use around ours. */
import { spawnSync } from 'node:child_process';

import { NodeConnectionTypes } from 'n8n-workflow';
import type {
  FilterValue,
  IDataObject,
  IExecuteFunctions,
  INodeExecutionData,
  INodeProperties,
  INodeType,
  INodeTypeDescription,
} from 'n8n-workflow';

function describe(name: string, rest: Partial<INodeTypeDescription> = {}): INodeTypeDescription {
  return {
    displayName: name,
    name,
    group: ['transform'],
    version: [1, 2.2, 3.4],
    description: 'Stand-in',
    defaults: { name },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    properties: [],
    ...rest,
  };
}

const field = (name: string, type: INodeProperties['type'] = 'json'): INodeProperties => ({
  displayName: name,
  name,
  type,
  default: type === 'filter' || type === 'assignmentCollection' ? {} : '',
});

/** Evaluates its conditions by n8n's own rules. */
class If implements INodeType {
  description = describe('if', {
    outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
    properties: [field('conditions', 'filter')],
  });

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const outputs: INodeExecutionData[][] = [[], []];
    for (const [index, item] of this.getInputData().entries()) {
      const options = { extractValue: true };
      const passed = this.getNodeParameter('conditions', index, false, options) as FilterValue | boolean;
      outputs[passed ? 0 : 1].push({ ...item, pairedItem: { item: index } });
    }
    return outputs;
  }
}

/** Emits its assignments, and nothing of what came in. */
class Set implements INodeType {
  description = describe('set', { properties: [field('assignments', 'assignmentCollection')] });

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const items = this.getInputData().map((_, index) => {
      const { assignments } = this.getNodeParameter('assignments', index) as {
        assignments: Array<{ name: string; value: string }>;
      };
      const json = Object.fromEntries(assignments.map(({ name, value }) => [name, value]));
      return { json, pairedItem: { item: index } };
    });
    return [items];
  }
}

/** Runs its command on this machine. */
class Ssh implements INodeType {
  description = describe('ssh', { properties: [field('command', 'string')] });

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const items = this.getInputData().map((_, index) => {
      const command = this.getNodeParameter('command', index) as string;
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
        encoding: 'utf8',
        env: process.env,
      });
      return { json: { code: status, stdout, stderr }, pairedItem: { item: index } };
    });
    return [items];
  }
}

/** Sends nothing: puts out what it would post, or, where it waits for a button, which one a person presses. */
class Slack implements INodeType {
  description = describe('slack', {
    version: 2.3,
    properties: [
      field('operation', 'string'),
      field('channelId', 'resourceLocator'),
      field('text', 'string'),
      field('message', 'string'),
    ],
  });

  readonly execute: NonNullable<INodeType['execute']>;

  constructor({ shown, answers }: Pick<FormPages, 'shown' | 'answers'>) {
    this.execute = async function (this: IExecuteFunctions) {
      const { name } = this.getNode();
      const items = this.getInputData().map((_, index) => {
        const of = (parameter: string, rest = {}) =>
          this.getNodeParameter(parameter, index, '', rest) as string;
        const channel = of('channelId', { extractValue: true });
        if (of('operation') !== 'sendAndWait') {
          return { json: { channel, message: of('text') }, pairedItem: { item: index } };
        }
        shown[name] = { channel, message: of('message') };
        // Where nobody presses one in time, n8n goes on with what came in.
        return { json: answers[name]?.(shown[name]) ?? {}, pairedItem: { item: index } };
      });
      return [items];
    };
  }
}

/** A page of a form: what it would show is kept, and what a person would choose is given. */
export class FormPages implements INodeType {
  readonly shown: Record<string, IDataObject> = {};

  description = describe('form', {
    properties: ['options', 'jsonOutput', 'formFields', 'completionTitle', 'completionMessage'].map((name) =>
      field(name),
    ),
  });

  readonly execute: NonNullable<INodeType['execute']>;

  /** @param answers by the page's name; a page without answers passes on what comes in */
  constructor(readonly answers: Record<string, (shown: IDataObject) => IDataObject>) {
    const { shown } = this;
    const parameters = this.description.properties.map(({ name }) => name);
    this.execute = async function (this: IExecuteFunctions) {
      const { name } = this.getNode();
      const values = parameters.map((parameter) => [parameter, this.getNodeParameter(parameter, 0, null)]);
      shown[name] = Object.fromEntries(values) as IDataObject;
      const answer = answers[name]?.(shown[name]);
      return [answer ? [{ json: answer, pairedItem: { item: 0 } }] : this.getInputData()];
    };
  }
}

/** Never run: tests pin what they emit. */
const trigger = (name: string): INodeType => ({
  description: describe(name, { group: ['trigger'], inputs: [] }),
  execute: async () => [[]],
});

/** The stand-ins by full name. */
export function exampleNodes(pages: FormPages): Record<string, INodeType> {
  return {
    'n8n-nodes-base.if': new If(),
    'n8n-nodes-base.set': new Set(),
    'n8n-nodes-base.ssh': new Ssh(),
    'n8n-nodes-base.slack': new Slack(pages),
    'n8n-nodes-base.form': pages,
    'n8n-nodes-base.formTrigger': trigger('formTrigger'),
  };
}
