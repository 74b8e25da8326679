import type { Operation } from '../../n8n/operation';
import { getRuns } from './getRuns';

/** What the node can do; a new node does the first. */
export const operations: readonly Operation[] = [getRuns];
