import {
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  NodeOperationError,
} from 'n8n-workflow';

import { type DeployError, toDeployError } from '../shared/errors';
import type { ExecutorClient } from '../shared/executor/client';
import { Executors } from './executors';
import { type ReadParameter, parametersOf, readLocation } from './parameters';

/** One input item's operation: its parameters, and an executor where the engine is. */
export interface ItemContext {
  node: IExecuteFunctions;
  itemIndex: number;
  read: ReadParameter;
  /** Starts the executor; the same one however often it is called. It is closed when the item is done. */
  connect(): Promise<ExecutorClient>;
  signal?: AbortSignal;
}

/** Does one operation for one item; resolves with the `json` of one or several output items. */
export type ItemOperation = (item: ItemContext) => Promise<IDataObject | IDataObject[]>;

/**
 * Runs an operation for each input item, one after the other, each with an executor of its own over connections that
 * are shared. Follows Continue On Fail and pairs every output with its input.
 */
export async function runItems(
  node: IExecuteFunctions,
  choose: (itemIndex: number) => ItemOperation,
): Promise<INodeExecutionData[][]> {
  const signal = node.getExecutionCancelSignal();
  const executors = new Executors(signal);
  const returnData: INodeExecutionData[] = [];
  try {
    for (let itemIndex = 0; itemIndex < node.getInputData().length; itemIndex++) {
      try {
        const done = await runItem(node, executors, choose(itemIndex), itemIndex, signal);
        for (const json of [done].flat()) returnData.push({ json, pairedItem: { item: itemIndex } });
      } catch (error) {
        const deployError = toDeployError(error);
        // Stopping a workflow is not one item's matter: nothing after it may run.
        if (!node.continueOnFail() || signal?.aborted) throw toNodeError(node, deployError, itemIndex);
        returnData.push({ json: failedJson(deployError), pairedItem: { item: itemIndex } });
      }
    }
  } finally {
    await executors.close();
  }
  return [returnData];
}

async function runItem(
  node: IExecuteFunctions,
  executors: Executors,
  operation: ItemOperation,
  itemIndex: number,
  signal: AbortSignal | undefined,
): Promise<IDataObject | IDataObject[]> {
  const read = parametersOf(node, itemIndex);
  const location = readLocation(read);
  let client: Promise<ExecutorClient> | undefined;
  const connect = () =>
    (client ??= executors.open(location, () => node.getCredentials('hotDeploySshApi', itemIndex)));
  try {
    return await operation({ node, itemIndex, read, connect, signal });
  } finally {
    // One that could not be opened has said so where it was awaited.
    await client?.then((opened) => opened.close()).catch(() => undefined);
  }
}

/** The error as n8n shows it: the sentence, the next step, the item. */
function toNodeError(node: IExecuteFunctions, error: DeployError, itemIndex: number): NodeOperationError {
  return new NodeOperationError(node.getNode(), error.message, { itemIndex, description: error.description });
}

/** What a failed item says; with only these keys n8n also sends it to the error output. */
function failedJson({ message, description, code, details }: DeployError): IDataObject {
  return {
    error: message,
    message: description ?? message,
    details: { code, ...JSON.parse(JSON.stringify(details)) },
  };
}
