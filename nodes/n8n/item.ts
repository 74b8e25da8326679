import type { IBinaryKeyData, IExecuteFunctions } from 'n8n-workflow';

import type { ExecutorClient } from '../shared/executor/client';
import type { ReadParameter } from './field';

/** One input item's operation: its parameters, and an executor where the engine is. */
export interface ItemContext {
  node: IExecuteFunctions;
  itemIndex: number;
  /** The operation's value. */
  operation: string;
  read: ReadParameter;
  /** Starts the executor; the same one however often it is called. It is closed when the item is done. */
  connect(): Promise<ExecutorClient>;
  /** As `connect`, with one that all items of the execution share, and that stays until the last of them is done. */
  share(): Promise<ExecutorClient>;
  /** What else the item's outputs carry, whether or not the operation comes to its end. */
  binary: IBinaryKeyData;
  signal?: AbortSignal | undefined;
}
