import { PRUNABLE } from '../contract/limits';
import type { ResultOf } from '../contract/verbs';
import { NO_DEPENDENCIES } from '../dependencies/installOptions';
import { toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { apply } from '../release/apply/apply';
import { NOTHING_PRUNED, type Pruned, withPruned } from '../release/apply/pruned';
import { pruning } from '../release/decide/prune';
import { observe } from '../release/observe/engine';
import type { EngineOptions, Retention } from '../release/options';
import type { Snapshot } from '../release/snapshot';
import { StepLog } from '../release/stepLog';
import { begin } from './begin';

/** What was removed, what would have been but came into use, and what was put right before. */
export type PruneResult = Pruned & Pick<Snapshot, 'settled' | 'repaired'>;

/** Removes what retention doesn't keep; never the live, the previous or a running release. */
export async function pruneReleases(
  client: ExecutorClient,
  options: EngineOptions,
  retention: Retention,
): Promise<PruneResult> {
  const log = new StepLog(options.onStep);
  const switching = { checks: [], createBackup: false, dependencies: NO_DEPENDENCIES };
  const snapshot = await begin(client, { ...options, ...retention, ...switching }, false, log);
  const { settled, repaired } = snapshot;
  const { basePath, holder } = options;
  // Recorded inputs that are too old go with each removal, also with one of nothing else.
  await client.call('remove', { releases: [], backups: [], environments: [] });
  let pruned = NOTHING_PRUNED;
  for (let { listed } = snapshot; ; { listed } = await observe(client, options)) {
    const steps = pruning(listed.prunable, retention, listed);
    const outcome = await apply({ steps }, { client, basePath, holder, log, installing: NO_DEPENDENCIES });
    if (outcome.end !== 'kept') throw toDeployError(outcome.error);
    const more = outcome.learned.pruned ?? NOTHING_PRUNED;
    pruned = withPruned(pruned, more);
    if (!mayBeMore(listed, more)) return { ...pruned, settled, repaired };
  }
}

/** Whether there may have been more than was chosen from, and something was removed: nothing is offered for ever. */
function mayBeMore({ prunable }: ResultOf<'list'>, { counts }: Pruned): boolean {
  const kinds = ['releases', 'backups', 'environments'] as const;
  return kinds.some((kind) => counts[kind] > 0 && prunable?.[kind].length === PRUNABLE);
}
