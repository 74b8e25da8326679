import type { IBinaryKeyData, IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { DeployError, expected, toDeployError } from '../shared/errors';
import type { ExecutorClient } from '../shared/executor/client';
import { refuseAgent } from './agents';
import { Executors } from './executors';
import { failedItem } from './failedItem';
import type { ReadParameter } from './field';
import type { ItemContext } from './item';
import { credentialIdOf } from './keeping';
import { readLocation } from './locationFields';
import { toNodeError } from './nodeError';
import type { Operation } from './operation';
import { parametersOf } from './parameters';
import { readChoice } from './values';

/** What a node can be asked to do. */
export interface Repertoire {
  operations: readonly Operation[];
  /** The names of what agents may call without being allowed to, on this node and the others. */
  harmless: readonly string[];
}

/**
 * Runs an operation for each input item, one after the other, each with an executor of its own over connections that
 * are shared. Follows Continue On Fail and pairs every output with its input.
 */
export async function runItems(
  node: IExecuteFunctions,
  repertoire: Repertoire,
): Promise<INodeExecutionData[][]> {
  const signal = node.getExecutionCancelSignal();
  const executors = new Executors(signal, repertoire.harmless);
  const returnData: INodeExecutionData[] = [];
  try {
    for (let itemIndex = 0; itemIndex < node.getInputData().length; itemIndex++) {
      const binary: IBinaryKeyData = {};
      const push = (item: INodeExecutionData) => {
        if (Object.keys(binary).length > 0) item.binary = binary;
        returnData.push(item);
      };
      try {
        const done = await runItem(node, executors, repertoire, { itemIndex, binary, signal });
        [done].flat().forEach((json) => push({ json, pairedItem: { item: itemIndex } }));
      } catch (error) {
        const deployError = toDeployError(error);
        // Stopping a workflow is not one item's matter: nothing after it may run.
        if (!node.continueOnFail() || signal?.aborted)
          throw toNodeError(node.getNode(), deployError, itemIndex);
        push(failedItem(node, itemIndex, deployError));
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
  repertoire: Repertoire,
  item: Pick<ItemContext, 'itemIndex' | 'binary' | 'signal'>,
): Promise<IDataObject | IDataObject[]> {
  const { itemIndex } = item;
  const read = parametersOf(node, itemIndex);
  const operation = chosen(repertoire.operations, read);
  refuseAgent(node, operation, repertoire.harmless);
  const location = readLocation(read);
  const chosenCredential = node.getNode().credentials?.hotDeploySshApi;
  let client: Promise<ExecutorClient> | undefined;
  const connect = () =>
    (client ??= executors.open(
      location,
      async () => {
        if (!chosenCredential) throw noCredential();
        return node.getCredentials('hotDeploySshApi', itemIndex);
      },
      credentialIdOf(chosenCredential?.id),
    ));
  try {
    return await operation.run({ ...item, node, operation: operation.value, read, connect });
  } finally {
    // One that could not be opened has said so where it was awaited.
    await client?.then((opened) => opened.close()).catch(() => undefined);
  }
}

function chosen(operations: readonly Operation[], read: ReadParameter): Operation {
  const values = operations.map(({ value }) => value);
  const wanted = readChoice('Operation', read('operation'), values);
  return expected(
    operations.find(({ value }) => value === wanted),
    `the operation ${wanted}`,
  );
}

function noCredential(): DeployError {
  return new DeployError('INPUT', 'No credential is chosen for the connection SSH.', {
    description: 'Choose a Hot Deploy SSH API credential, or set Connection to Local.',
  });
}
