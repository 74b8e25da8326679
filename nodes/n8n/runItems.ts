import type { IBinaryKeyData, IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { DeployError, toDeployError } from '../shared/errors';
import type { ExecutorClient } from '../shared/executor/client';
import { refuseAgent } from './agents';
import { Executors } from './executors';
import { detailsOf, toNodeError } from './nodeError';
import { type ReadParameter, parametersOf, readLocation } from './parameters';
import { readChoice } from './values';

/** One input item's operation: its parameters, and an executor where the engine is. */
export interface ItemContext {
  node: IExecuteFunctions;
  itemIndex: number;
  read: ReadParameter;
  /** Starts the executor; the same one however often it is called. It is closed when the item is done. */
  connect(): Promise<ExecutorClient>;
  /** What else the item's outputs carry, whether or not the operation comes to its end. */
  binary: IBinaryKeyData;
  signal?: AbortSignal;
}

/** Does one operation for one item; resolves with the `json` of one or several output items. */
export type ItemOperation = (item: ItemContext) => Promise<IDataObject | IDataObject[]>;

/** A node's operations by the value of its parameter `operation`. */
export type Operations = Readonly<Record<string, ItemOperation>>;

/**
 * Runs an operation for each input item, one after the other, each with an executor of its own over connections that
 * are shared. Follows Continue On Fail and pairs every output with its input.
 */
export async function runItems(
  node: IExecuteFunctions,
  operations: Operations,
): Promise<INodeExecutionData[][]> {
  const signal = node.getExecutionCancelSignal();
  const executors = new Executors(signal);
  const returnData: INodeExecutionData[] = [];
  try {
    for (let itemIndex = 0; itemIndex < node.getInputData().length; itemIndex++) {
      const binary: IBinaryKeyData = {};
      const push = (json: IDataObject) => {
        const carried = Object.keys(binary).length > 0 && { binary };
        returnData.push({ json, ...carried, pairedItem: { item: itemIndex } });
      };
      try {
        const done = await runItem(node, executors, operations, { itemIndex, binary, signal });
        [done].flat().forEach(push);
      } catch (error) {
        const deployError = toDeployError(error);
        // Stopping a workflow is not one item's matter: nothing after it may run.
        if (!node.continueOnFail() || signal?.aborted)
          throw toNodeError(node.getNode(), deployError, itemIndex);
        push(failedJson(deployError));
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
  operations: Operations,
  item: Pick<ItemContext, 'itemIndex' | 'binary' | 'signal'>,
): Promise<IDataObject | IDataObject[]> {
  const { itemIndex } = item;
  const read = parametersOf(node, itemIndex);
  const operation = readChoice('Operation', read('operation'), Object.keys(operations));
  refuseAgent(node, operation);
  const location = readLocation(read);
  let client: Promise<ExecutorClient> | undefined;
  const connect = () =>
    (client ??= executors.open(location, async () => {
      if (!node.getNode().credentials?.hotDeploySshApi) throw noCredential();
      return node.getCredentials('hotDeploySshApi', itemIndex);
    }));
  try {
    return await operations[operation]({ ...item, node, read, connect });
  } finally {
    // One that could not be opened has said so where it was awaited.
    await client?.then((opened) => opened.close()).catch(() => undefined);
  }
}

function noCredential(): DeployError {
  return new DeployError('INPUT', 'No credential is chosen for the connection SSH.', {
    description: 'Choose a Hot Deploy SSH API credential, or set Connection to Local.',
  });
}

/** What a failed item says; with only these keys n8n also sends it to the error output. */
function failedJson(error: DeployError): IDataObject {
  const { message, description } = error;
  return { error: message, message: description ?? message, details: detailsOf(error) };
}
