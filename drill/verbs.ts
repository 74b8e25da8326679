import { type Verb, VERBS } from '../nodes/shared/contract/verbs';

/** Every verb of the contract: one that is added there has to get a row here. */
export function executorVerbs(): Verb[] {
  return Object.keys(VERBS) as Verb[];
}
