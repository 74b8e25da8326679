import type { ReleaseId } from '../contract/names';
import type { ResultOf } from '../contract/verbs';
import { NO_DEPENDENCIES } from '../dependencies/installOptions';
import type { ExecutorClient } from '../executor/client';
import { apply } from '../release/apply/apply';
import { decideDetachment, type NeededPackages } from '../release/decide/detach';
import type { DetachOptions } from '../release/options';
import { type Place, placeOf } from '../release/place';
import type { SwitchResult } from '../release/result';
import { foundIn } from '../release/snapshot';
import { unseenIn } from '../release/unseen';
import type { Step, StepLog } from '../release/stepLog';
import { Attempt } from './attempt';
import { begin } from './begin';

/** What became of an engine whose files are plain again. */
export interface DetachResult extends Place, Partial<Pick<SwitchResult, 'settled' | 'repaired'>> {
  /** `unchanged` where there was nothing of ours. */
  status: 'detached' | 'unchanged';
  /** The release whose content is plain now. */
  release: ReleaseId | null;
  /** What became plain files and directories. */
  names: readonly string[];
  swap: { atomic: boolean; gapMs: number };
  /** What the engine needs from its own interpreter now, and what of it is not there as it was. */
  packages: NeededPackages;
  /** What was removed: of very many, the first ones, and how many there were. */
  removed: Pick<ResultOf<'dismantle'>, 'releases' | 'environments' | 'backups' | 'counts'>;
  /** Our directories that still are there, below the base path: kept, or with something in them that is not ours. */
  left: readonly string[];
  /** As {@link SwitchResult.unseen}. */
  unseen?: SwitchResult['unseen'];
  steps: Step[];
  durationMs: number;
}

const NOTHING_TO_DEPLOY = {
  checks: [],
  keepReleases: 1,
  keepBackups: 0,
  createBackup: false,
  dependencies: NO_DEPENDENCIES,
};
const NO_PACKAGES: NeededPackages = { needed: [], missing: [] };
const NOTHING_DETACHED: ResultOf<'detach'> = { names: [], gapMs: 0, atomic: true };
const NOTHING_LEFT: ResultOf<'dismantle'> = {
  releases: [],
  environments: [],
  backups: [],
  counts: { releases: 0, environments: 0, backups: 0 },
  left: [],
};

/**
 * Turns an engine back into a plain directory of what is live, without a gap: the way back of an adoption. Can be done
 * again wherever it was cut off.
 *
 * @throws DeployError `LOCKED` while extractions run releases, `DEPENDENCIES` when packages would be missing; nothing has
 * changed then
 */
export async function returnToPlain(client: ExecutorClient, options: DetachOptions): Promise<DetachResult> {
  const { basePath, holder } = options;
  const attempt = new Attempt(client, 'return to a plain directory', options);
  const { log } = attempt;
  const snapshot = await attempt.during({}, () =>
    begin(client, { ...options, ...NOTHING_TO_DEPLOY }, false, log),
  );
  const release = snapshot.probe.current;
  const { packages, plan } = await attempt.during({ snapshot }, async () => {
    const needed = release === null ? NO_PACKAGES : await packagesOf(client, log);
    return { packages: needed, plan: decideDetachment(snapshot, needed, options) };
  });
  const outcome = await apply(plan, { client, basePath, holder, log, installing: NO_DEPENDENCIES });
  const {
    detached = NOTHING_DETACHED,
    dismantled = NOTHING_LEFT,
    unseen,
  } = await attempt.kept(outcome, {
    snapshot,
  });
  const { left, ...removed } = dismantled;
  const { names, ...swap } = detached;
  const gone = removed.releases.length + removed.environments.length + removed.backups.length;
  // None is in use by the time it is done.
  const { releasesInUse: _none, ...found } = foundIn(snapshot);
  return {
    status: release === null && gone === 0 ? 'unchanged' : 'detached',
    ...placeOf(client, basePath),
    release,
    names,
    swap,
    packages,
    removed,
    left,
    ...unseenIn(unseen),
    ...found,
    steps: log.steps,
    durationMs: log.durationMs,
  };
}

async function packagesOf(client: ExecutorClient, log: StepLog): Promise<NeededPackages> {
  const seen = await log.run('look at packages', () => client.call('missingPackages', {}));
  return {
    needed: seen.needed.map(([name, version]) => ({ name, version })),
    missing: seen.missing.map(([name, version, found]) => ({ name, version, found })),
  };
}
