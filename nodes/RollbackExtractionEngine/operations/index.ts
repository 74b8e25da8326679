import type { Operation } from '../../n8n/operation';
import { detach } from './detach';
import { getAll } from './getAll';
import { prune } from './prune';
import { rollback } from './rollback';

/** What the node can do; a new node does the first. */
export const operations: readonly Operation[] = [rollback, getAll, prune, detach];
