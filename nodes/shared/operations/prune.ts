import type { ResultOf } from '../contract/verbs';
import { NO_DEPENDENCIES } from '../dependencies/installOptions';
import { toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { apply } from '../release/apply/apply';
import { pruning } from '../release/decide/prune';
import type { EngineOptions, Retention } from '../release/options';
import type { Snapshot } from '../release/snapshot';
import { StepLog } from '../release/stepLog';
import { begin } from './begin';

/** What was removed, what would have been but came into use, and what was put right before. */
export type PruneResult = ResultOf<'remove'> & Pick<Snapshot, 'settled' | 'repaired'>;

const NOTHING_REMOVED: ResultOf<'remove'> = { releases: [], inUse: [], backups: [], environments: [] };

/** Removes what retention doesn't keep; never the live, the previous or a running release. */
export async function pruneReleases(
  client: ExecutorClient,
  options: EngineOptions,
  retention: Retention,
): Promise<PruneResult> {
  const log = new StepLog(options.onStep);
  const switching = { checks: [], createBackup: false, dependencies: NO_DEPENDENCIES };
  const snapshot = await begin(client, { ...options, ...retention, ...switching }, false, log);
  const { listed, settled, repaired } = snapshot;
  const steps = pruning(listed, retention, listed);
  const { basePath } = options;
  const outcome = await apply({ steps }, { client, basePath, log, installing: NO_DEPENDENCIES });
  if (outcome.end !== 'kept') throw toDeployError(outcome.error);
  return { ...(outcome.learned.pruned ?? NOTHING_REMOVED), settled, repaired };
}
