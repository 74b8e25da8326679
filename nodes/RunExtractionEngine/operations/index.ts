import type { Operation } from '../../n8n/operation';
import { getRuns } from './getRuns';
import { run } from './run';
import { stopRuns } from './stopRuns';

/** What the node can do; a new node does the first. */
export const operations: readonly Operation[] = [run, getRuns, stopRuns];
