import { operations as hotDeploy } from './HotDeploy/operations';
import { byName, type Operation } from './n8n/operation';
import { operations as rollback } from './RollbackExtractionEngine/operations';
import { operations as run } from './RunExtractionEngine/operations';

/** The operations of all nodes, by the name of the node's folder. */
export const OPERATIONS: Readonly<Record<string, readonly Operation[]>> = {
  HotDeploy: hotDeploy,
  RollbackExtractionEngine: rollback,
  RunExtractionEngine: run,
};

/** The names of those that change nothing, which every agent may call. */
export const HARMLESS: readonly string[] = Object.values(OPERATIONS)
  .flatMap(byName)
  .filter(({ changes }) => !changes)
  .map(({ name }) => name);
