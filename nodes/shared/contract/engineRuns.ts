/** What is told of runs of an engine. */
import { MOST_RUNS } from './limits';
import { releaseId, runId } from './names';
import { label, moment, words } from './plainTexts';
import { holder } from './records';
import { count, flag, list, number, oneOf, orNull, record, type TypeOf } from './shape';

/** A run that is there now: a tree of processes of which one uses a release, or that the Run node started on plain files. */
const engineRun = record({
  /** Its root, which with the time of its start, in the kernel's ticks, is no other process. */
  processId: count,
  startTicks: count,
  /** The id that the Run node gave it; null for another one, and where its environment is kept back. */
  run: orNull(runId),
  /** Null for plain files: what ran when nothing was deployed yet. */
  release: orNull(releaseId),
  /** Whether it, or a part of it, uses what is live: the live release, or plain files where nothing was deployed. */
  live: flag,
  startedAt: moment,
  ageSeconds: number,
  /** Of the whole tree, as memory is. */
  cpuSeconds: number,
  memoryMb: number,
  processes: count,
  /** Secrets in it are masked. */
  command: words,
  user: orNull(label),
  startedBy: orNull(holder),
});
export type EngineRun = TypeOf<typeof engineRun>;

/**
 * The oldest first, and how many there are. `unseen`: other users' processes that may be runs and can't be looked into; null
 * where they can't even be listed.
 */
export const runsFound = record({
  runs: list(engineRun, MOST_RUNS),
  count,
  unseen: orNull(count),
});

/** How a run ended that was to end. */
export const runEnd = record({
  processId: count,
  /** `gone`: it had ended before. `refused`: nothing was done to it. `remains`: a part of it is still there. */
  end: oneOf('ended', 'killed', 'gone', 'refused', 'remains'),
  /** `live`: it runs the live release by now. `user`: another user's. `disk`: it waits for one. `more`: it starts others. */
  reason: orNull(oneOf('live', 'user', 'disk', 'more')),
});
export type RunEnd = TypeOf<typeof runEnd>;
