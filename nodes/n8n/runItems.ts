import type { IBinaryKeyData, IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { DeployError, expected, toDeployError } from '../shared/errors';
import type { ExecutorClient } from '../shared/executor/client';
import { refuseAgent } from './agents';
import { Conversations } from './conversations';
import { Executors } from './executors';
import { failedItem } from './failedItem';
import type { ReadParameter } from './field';
import type { ItemContext } from './item';
import { credentialIdOf } from './keeping';
import { leaving } from './leaving';
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

/** What became of one input item. */
interface Done {
  items: INodeExecutionData[];
  failed?: DeployError;
}

/**
 * Runs an operation for each input item, by default one after the other. Follows Continue On Fail, pairs every output with
 * its input and puts them out in the inputs' order. After one that failed no further one is started.
 */
export async function runItems(
  node: IExecuteFunctions,
  repertoire: Repertoire,
): Promise<INodeExecutionData[][]> {
  const signal = node.getExecutionCancelSignal();
  const executors = new Executors(signal, repertoire.harmless);
  const conversations = new Conversations(executors);
  const count = node.getInputData().length;
  const done: Done[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count && !done.some((each) => each?.failed)) {
      const itemIndex = next++;
      done[itemIndex] = await runItem({ node, executors, conversations, repertoire, signal }, itemIndex);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanesOf(node, repertoire, count) }, lane));
  } finally {
    await leave(node, executors, conversations);
  }
  const itemIndex = done.findIndex((each) => each?.failed);
  const failed = done[itemIndex]?.failed;
  if (failed) throw toNodeError(node.getNode(), failed, itemIndex);
  return [done.flatMap(({ items }) => items)];
}

/**
 * Ends what the items of an execution have shared. Its answer is there by now and doesn't wait for that, unless it was
 * cancelled: whoever did that is told when all has ended.
 */
async function leave(
  node: IExecuteFunctions,
  executors: Executors,
  conversations: Conversations,
): Promise<void> {
  const hosts = await conversations.hosts();
  const left = conversations.close().finally(() => executors.close());
  const failed = (reason: unknown) =>
    node.logger.warn(`${node.getNode().name}: ${toDeployError(reason).message}`);
  leaving.add(hosts, left, failed);
  if (hosts.length === 0 || node.getExecutionCancelSignal()?.aborted) await left.catch(() => undefined);
}

/** How many items are worked on at once. What can't be read is said by the item itself. */
function lanesOf(node: IExecuteFunctions, { operations }: Repertoire, count: number): number {
  if (count < 2) return count;
  try {
    const read = parametersOf(node, 0);
    return Math.min(count, chosen(operations, read).lanes?.(read) ?? 1);
  } catch {
    return 1;
  }
}

/** What the items of one execution have in common. */
interface Execution {
  node: IExecuteFunctions;
  executors: Executors;
  conversations: Conversations;
  repertoire: Repertoire;
  signal: AbortSignal | undefined;
}

async function runItem(execution: Execution, itemIndex: number): Promise<Done> {
  const { node, signal } = execution;
  const binary: IBinaryKeyData = {};
  const withBinary = (item: INodeExecutionData) =>
    Object.keys(binary).length > 0 ? Object.assign(item, { binary }) : item;
  try {
    const json = await runOperation(execution, { itemIndex, binary, signal });
    return {
      items: [json].flat().map((each) => withBinary({ json: each, pairedItem: { item: itemIndex } })),
    };
  } catch (error) {
    const failed = toDeployError(error);
    // Stopping a workflow is not one item's matter: nothing after it may run.
    if (!node.continueOnFail() || signal?.aborted) return { items: [], failed };
    return { items: [withBinary(failedItem(node, itemIndex, failed))] };
  }
}

async function runOperation(
  { node, executors, conversations, repertoire }: Execution,
  item: Pick<ItemContext, 'itemIndex' | 'binary' | 'signal'>,
): Promise<IDataObject | IDataObject[]> {
  const { itemIndex } = item;
  const read = parametersOf(node, itemIndex);
  const operation = chosen(repertoire.operations, read);
  refuseAgent(node, operation, repertoire.harmless);
  const location = readLocation(read);
  const chosenCredential = node.getNode().credentials?.hotDeploySshApi;
  const readCredential = async () => {
    if (!chosenCredential) throw noCredential();
    return node.getCredentials('hotDeploySshApi', itemIndex);
  };
  const open = (from: Executors | Conversations) =>
    from.open(location, readCredential, credentialIdOf(chosenCredential?.id));
  let client: Promise<ExecutorClient> | undefined;
  const connect = () => (client ??= open(executors));
  const share = () => open(conversations);
  try {
    return await operation.run({ ...item, node, operation: operation.value, read, connect, share });
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
