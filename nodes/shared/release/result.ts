import type { PinningFound, ReleaseInUse } from '../contract/facts';
import type { ReleaseId } from '../contract/names';
import type { SourceDescription } from '../contract/records';
import { type DependencyResult, NO_DEPENDENCY_RESULT } from '../dependencies/install';
import type { Adoption } from './adoption';
import { type Changes, changesOf } from './changes';
import { sentenceOfRollout } from '../rollout/rolloutSentence';
import type { RolloutResult } from '../rollout/rolloutResult';
import type { CheckResult } from './checks';
import type { Finding } from './meanings';
import { noticesOf } from './notices';
import type { Place } from './place';
import type { ServiceResult } from './servicePolicy';
import type { PreflightFinding } from './preflight';
import { foundIn, type Settled, type Snapshot } from './snapshot';
import type { Step, StepLog } from './stepLog';
import type { Unseen } from './unseen';

/** What a deployment or rollback did: the fields of the nodes' output that don't come from n8n itself. */
export interface SwitchResult extends Place {
  status: 'deployed' | 'unchanged' | 'rolledBack' | 'watching' | 'promoted' | 'inconclusive';
  release: ReleaseId;
  previousRelease: ReleaseId | null;
  source: SourceDescription & { digest: string };
  changes: Changes;
  dependencies: DependencyResult;
  /** File name of the archive of what was live; null when none was made. */
  backup: string | null;
  checks: readonly CheckResult[];
  swap: Swap;
  /** What was done for a service; absent where nothing was. */
  service?: ServiceResult;
  /** How it is watched, or was; absent where nothing was asked. */
  rollout?: RolloutResult;
  /** How runs are pinned that the same user starts; absent where nothing was switched, or nobody can tell. */
  pinning?: PinningFound;
  releasesInUse: readonly ReleaseInUse[];
  /** Set when an earlier operation's interrupted switch had to be decided on first. */
  settled?: Settled | undefined;
  /** What was put right before anything else. Absent where all was well. */
  repaired?: readonly Finding[] | undefined;
  /** What could not be tidied up after the switch; the next operation tries again. */
  complaint?: string;
  /** Processes that may run the engine and can't be seen; null where all others' are hidden, absent where there are none. */
  unseen?: Unseen;
  /** What was looked for beforehand and found; absent where there is nothing. */
  findings?: readonly PreflightFinding[] | undefined;
  /** What should be known of the place; absent where there is nothing. */
  notices?: string[];
  /** How long it waited for its moment; absent where it was not told to. */
  waitedMs?: number;
  steps: Step[];
  durationMs: number;
}

/** How the switch happened. */
export interface Swap {
  method: 'rename' | 'none';
  /** Whether at every instant every deployed name led to a whole release. */
  atomic: boolean;
  /** Whether plain files were turned into a release first. */
  adopted: boolean;
  /** Milliseconds during which a name was missing: 0, but for adoptions where the file system can't exchange names. */
  gapMs: number;
  /** Milliseconds that symlink and rename took. */
  milliseconds: number;
  /** Extractions from before the adoption that were still running at the switch, and are not pinned. */
  unpinned: number;
}

/** The `swap` of an operation; without `milliseconds` nothing was switched. */
export function swapOf(adoption: Adoption | undefined, unpinned: number, milliseconds?: number): Swap {
  return {
    method: milliseconds === undefined ? 'none' : 'rename',
    atomic: adoption?.atomic ?? true,
    adopted: adoption !== undefined,
    gapMs: adoption?.gapMs ?? 0,
    milliseconds: milliseconds ?? 0,
    unpinned,
  };
}

/** Completes what an operation did to its full result; what `done` leaves out did not happen. */
export function resultOf(
  snapshot: Snapshot,
  log: StepLog,
  done: Pick<SwitchResult, 'status' | 'release' | 'previousRelease' | 'source' | 'checks'> &
    Partial<SwitchResult>,
): SwitchResult {
  const { settledRollout } = snapshot;
  const notices = [...noticesOf(snapshot), ...(settledRollout ? [sentenceOfRollout(settledRollout)] : [])];
  const { host, container, basePath } = snapshot.side;
  return {
    host,
    ...(container !== undefined && { container }),
    basePath,
    changes: changesOf(undefined),
    dependencies: NO_DEPENDENCY_RESULT,
    backup: null,
    swap: swapOf(undefined, 0),
    ...foundIn(snapshot),
    ...(notices.length > 0 && { notices }),
    steps: log.steps,
    durationMs: log.durationMs,
    ...done,
  };
}
