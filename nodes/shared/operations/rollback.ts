import { nothingProvided } from '../dependencies/install';
import { NO_DEPENDENCIES } from '../dependencies/installOptions';
import { filesOfRelease } from '../dependencies/texts';
import { wantedDependencies } from '../dependencies/wanted';
import type { ExecutorClient } from '../executor/client';
import { apply } from '../release/apply/apply';
import { serviceResult, waitingResult } from '../release/apply/learned';
import { changesOf } from '../release/changes';
import {
  decideRollback,
  type Destination,
  keptDestination,
  namesAskedFor,
  refuseUnusable,
  type RollbackTarget,
  selectionOfLive,
  unpackedDestination,
} from '../release/decide/rollback';
import { releaseTime } from '../release/releaseTime';
import type { SwitchOptions } from '../release/options';
import { resultOf, type SwitchResult, swapOf } from '../release/result';
import { unseenIn } from '../release/unseen';
import type { Snapshot } from '../release/snapshot';
import { UnpackedTree } from '../release/unpacked';
import type { EntryRow, TreeChanges } from '../contract/facts';
import { asReleaseId, type ReleaseId } from '../contract/names';
import { Attempt } from './attempt';
import { begin } from './begin';

export type { RollbackTarget } from '../release/decide/rollback';

/**
 * Makes an earlier release, or the content of a backup, the live one, through the same switch as a deployment.
 *
 * @throws DeployError when it did not go live; the message says why and what is live now
 */
export async function rollBack(
  client: ExecutorClient,
  target: RollbackTarget,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const attempt = new Attempt(client, 'rollback', options);
  const { log } = attempt;
  const snapshot = await attempt.during({}, () => begin(client, options, false, log, wantedRelease(target)));
  const { destination, changes }: GoingTo = await attempt.during({ snapshot }, () =>
    target.target === 'backup'
      ? log.run('unpack', () => unpacked(client, snapshot, target.backup, options))
      : kept(snapshot, target, options),
  );
  const { release, source, wanted } = destination;
  const known = { snapshot, target: release, source };
  const plan = decideRollback(snapshot, destination, options);
  const { basePath, holder, filesOf, dependencies: installing } = options;
  const applying = { client, basePath, holder, filesOf, log, installing };
  const outcome = await apply(plan, applying);
  const learnedChanges = outcome.learned.changes ?? changes;
  const learned = await attempt.kept(outcome, {
    ...known,
    ...(learnedChanges && { changes: changesOf(learnedChanges) }),
  });
  const { probe } = snapshot;
  if (plan.unchanged) {
    const { previous } = probe;
    return resultOf(snapshot, log, {
      status: 'unchanged',
      release,
      previousRelease: previous,
      source,
      checks: learned.checks,
      ...serviceResult(learned),
    });
  }
  return resultOf(snapshot, log, {
    status: 'rolledBack',
    release,
    previousRelease: probe.current,
    source,
    checks: learned.checks,
    changes: changesOf(learnedChanges),
    dependencies: learned.dependencies ?? nothingProvided(wanted, true),
    swap: swapOf(undefined, learned.unpinned ?? 0, learned.switchedMs),
    ...serviceResult(learned),
    ...waitingResult(learned),
    ...unseenIn(learned.unseen),
  });
}

/** The release that somebody named, where it is the id of one: it may be older than those that are listed. */
function wantedRelease(target: RollbackTarget): ReleaseId | undefined {
  return target.target === 'release' ? asReleaseId(target.release) : undefined;
}

/** What to switch to. What a backup changes is known once it is unpacked; of a kept release, the plan asks. */
interface GoingTo {
  readonly destination: Destination;
  readonly changes?: TreeChanges;
}

function kept(
  snapshot: Snapshot,
  target: Exclude<RollbackTarget, { target: 'backup' }>,
  options: SwitchOptions,
): GoingTo {
  const wanted = target.target === 'release' ? target.release : undefined;
  return { destination: keptDestination(snapshot, wanted, options) };
}

async function unpacked(
  client: ExecutorClient,
  snapshot: Snapshot,
  backup: string,
  options: SwitchOptions,
): Promise<GoingTo> {
  const { probe, listed, side } = snapshot;
  const live = listed.releases.find((known) => known.release === probe.current);
  const mode = live?.dependencies?.mode ?? 'none';
  const tree = new UnpackedTree(selectionOfLive(snapshot), namesAskedFor(snapshot, options), mode !== 'none');
  const { release, changes } = await client.call(
    'unpack',
    { time: releaseTime(), live: probe.current, backup },
    { onRows: { entries: (rows) => tree.add(rows as EntryRow[]) } },
  );
  refuseUnusable(snapshot, tree, backup, options);
  const wanted = await wantedDependencies(
    filesOfRelease(client, options.basePath, release, tree.files()),
    { ...NO_DEPENDENCIES, ...live?.dependencies?.options, mode },
    side.python,
  );
  const destination = unpackedDestination(snapshot, { backup, release, tree, wanted }, options);
  return { destination, changes };
}
