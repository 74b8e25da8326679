import { createHash } from 'node:crypto';

import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
  ICredentialTestFunctions,
  ICredentialsDecrypted,
  IExecuteFunctions,
  ILoadOptionsFunctions,
  INodeExecutionData,
  INodeListSearchResult,
  INodeType,
  INodeTypeDescription,
} from 'n8n-workflow';

/** Uses every facility of n8n that the harness promises, one per value of its parameter `action`. */
export class Probe implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Probe',
    name: 'probe',
    group: ['transform'],
    version: 1,
    description: 'Exercises the harness',
    defaults: { name: 'Probe' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'probeApi', required: false, testedBy: 'probeTest' }],
    properties: [
      { displayName: 'Action', name: 'action', type: 'string', default: 'echo' },
      { displayName: 'Value', name: 'value', type: 'string', default: 'the default' },
    ],
  };

  methods = {
    credentialTest: {
      async probeTest(this: ICredentialTestFunctions, credential: ICredentialsDecrypted) {
        const { host, port } = credential.data ?? {};
        return host === 'good.example'
          ? { status: 'OK' as const, message: `Connected to port ${port}` }
          : { status: 'Error' as const, message: `No answer from ${host}` };
      },
    },
    listSearch: {
      async searchReleases(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
        const { host } = await this.getCredentials('probeApi');
        const value = this.getCurrentNodeParameter('value') as string;
        return { results: [{ name: `${value} on ${host}, filtered by ${filter}`, value }] };
      },
    },
    loadOptions: {
      async getActions(this: ILoadOptionsFunctions) {
        return [{ name: 'Echo', value: this.getNodeParameter('value') as string }];
      },
    },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const items: INodeExecutionData[] = [];
    for (let index = 0; index < this.getInputData().length; index++) {
      const pairedItem = { item: index };
      try {
        const json = await ACTIONS[this.getNodeParameter('action', index) as string].call(this, index);
        items.push({ json, pairedItem });
      } catch (error) {
        if (!this.continueOnFail()) throw error;
        items.push({
          json: { failed: (error as Error).message },
          pairedItem,
          error: error as NodeOperationError,
        });
      }
    }
    return [items];
  }
}

type Action = (this: IExecuteFunctions, index: number) => Promise<INodeExecutionData['json']>;

const ACTIONS: Record<string, Action> = {
  async echo(index) {
    return { value: this.getNodeParameter('value', index) as string };
  },
  async fail(index) {
    throw new NodeOperationError(this.getNode(), 'Check "answers" did not pass', {
      itemIndex: index,
      description: 'The previous release is live',
    });
  },
  async hint() {
    this.addExecutionHints({ message: 'Nothing changed', type: 'info', location: 'outputPane' });
    this.sendMessageToUI({ step: 'flip' });
    this.logger.info('logged by the node');
    return {};
  },
  async wait() {
    const signal = this.getExecutionCancelSignal();
    if (!signal) throw new NodeOperationError(this.getNode(), 'n8n gave no cancel signal');
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.sendMessageToUI('waiting');
    await aborted;
    this.logger.info('put things right');
    throw new NodeOperationError(this.getNode(), 'Cancelled');
  },
  async credential(index) {
    return { ...(await this.getCredentials('probeApi', index)) };
  },
  async binary(index) {
    const { id, fileName, data } = this.helpers.assertBinaryData(index, 'data');
    const stream = id ? await this.helpers.getBinaryStream(id) : null;
    const hash = createHash('sha256');
    if (stream) for await (const chunk of stream) hash.update(chunk as Buffer);
    else hash.update(Buffer.from(data, 'base64'));
    return { streamed: stream !== null, fileName, digest: hash.digest('hex') };
  },
};
