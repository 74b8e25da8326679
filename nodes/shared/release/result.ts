import type { ReleaseId } from '../contract/names';
import type { ReleaseInUse, TreeChanges } from '../contract/facts';
import type { SourceDescription } from '../contract/records';
import { type DependencyResult, NO_DEPENDENCY_RESULT } from '../dependencies/install';
import type { ExecutorClient } from '../executor/client';
import type { Bundle } from '../source/bundle';
import { type Begun, foundIn } from './begin';
import type { CheckResult } from './checks';
import type { Finding } from './findings';
import type { Adoption } from './live';
import { noticesOf } from './notices';
import { type Place, placeOf } from './place';
import type { Settled } from './repair';
import type { Step, StepLog } from './steps';

/** What a deployment or rollback did: the fields of the nodes' output that don't come from n8n itself. */
export interface SwitchResult extends Place {
  status: 'deployed' | 'unchanged' | 'rolledBack';
  release: ReleaseId;
  previousRelease: ReleaseId | null;
  source: SourceDescription & { digest: string };
  changes: Changes;
  dependencies: DependencyResult;
  /** File name of the archive of what was live; null when none was made. */
  backup: string | null;
  checks: CheckResult[];
  swap: Swap;
  releasesInUse: readonly ReleaseInUse[];
  /** Set when an earlier operation's interrupted switch had to be decided on first. */
  settled?: Settled;
  /** What was put right before anything else. Absent where all was well. */
  repaired?: Finding[];
  /** What could not be tidied up after the switch; the next operation tries again. */
  complaint?: string;
  /** What should be known of the place; absent where there is nothing. */
  notices?: string[];
  steps: Step[];
  durationMs: number;
}

/** Paths, at most 1,000 of each kind; `counts` has the true numbers. */
export interface Changes {
  added: readonly string[];
  modified: readonly string[];
  removed: readonly string[];
  /** What the patterns leave out: all of it or, with `since`, what changed there since that commit. */
  ignored: readonly string[];
  since?: string;
  counts: { added: number; modified: number; removed: number; ignored: number };
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

/** The `changes` of an operation. */
export function changesOf(
  changes: TreeChanges | undefined,
  ignored: Bundle['ignored'] = { paths: [], count: 0 },
): Changes {
  const { paths, counts } = changes ?? {
    paths: { added: [], modified: [], removed: [] },
    counts: { added: 0, modified: 0, removed: 0 },
  };
  return {
    ...paths,
    ignored: ignored.paths,
    ...(ignored.since !== undefined && { since: ignored.since }),
    counts: { ...counts, ignored: ignored.count },
  };
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

/** The `source` of an operation that read a bundle. */
export function sourceOf({ source, digest }: Bundle): SwitchResult['source'] {
  return { ...source, digest };
}

/** What an operation knows about itself before it is done. */
export interface Underway {
  client: ExecutorClient;
  basePath: string;
  begun: Begun;
  source: SwitchResult['source'];
  checks: CheckResult[];
  log: StepLog;
}

/** Completes what an operation did to its full result; what `done` leaves out did not happen. */
export function resultOf(
  { client, basePath, begun, source, checks, log }: Underway,
  done: Pick<SwitchResult, 'status' | 'release' | 'previousRelease'> & Partial<SwitchResult>,
): SwitchResult {
  const notices = noticesOf(client, basePath, begun.probe);
  return {
    ...placeOf(client, basePath),
    source,
    changes: changesOf(undefined),
    dependencies: NO_DEPENDENCY_RESULT,
    backup: null,
    checks,
    swap: swapOf(undefined, 0),
    ...foundIn(begun),
    ...(notices.length > 0 && { notices }),
    steps: log.steps,
    durationMs: log.durationMs,
    ...done,
  };
}
