import type { Operation } from '../../n8n/operation';
import { deploy } from './deploy';
import { getHistory } from './getHistory';
import { plan } from './plan';
import { repair } from './repair';
import { replay } from './replay';
import { abort, getRollout, promote } from './rollout';
import { status } from './status';

/** What the node can do; a new node does the first. */
export const operations: readonly Operation[] = [
  deploy,
  abort,
  getHistory,
  getRollout,
  plan,
  promote,
  repair,
  replay,
  status,
];
