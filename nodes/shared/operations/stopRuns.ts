import type { EngineRun, RunEnd } from '../contract/engineRuns';
import type { BasePath, ReleaseId } from '../contract/names';
import type { Holder } from '../contract/records';
import type { ExecutorClient } from '../executor/client';
import { decideStops, type WantedStops } from '../release/decide/stopRuns';
import { type Place, placeOf, shownPlace } from '../release/place';
import type { Unseen } from '../release/unseen';

/** What ending runs takes. */
export interface StopRunsOptions extends WantedStops {
  basePath: BasePath;
  /** Names the runs that would end, and ends none. */
  dryRun: boolean;
  /** How long runs have to end by themselves. */
  graceSeconds: number;
  holder: Holder;
}

/** A run that was to end. */
export interface StoppedRun {
  /** Null for what was chosen by the id of a run, and is none. */
  processId: number | null;
  run: string | null;
  release: ReleaseId | null;
  command: string | null;
  /** `gone`: it had ended before. `refused`: nothing was done to it. `remains`: a part of it is still there. */
  end: RunEnd['end'] | 'planned';
  /** Why nothing was done, or what is left, in a sentence. */
  reason: string | null;
}

/** Which runs ended, and how. */
export interface StopRunsResult extends Place {
  /** `attention`: of some a part is still there, or nothing was done to them. */
  status: 'stopped' | 'planned' | 'attention';
  summary: string;
  runs: StoppedRun[];
  unseen?: Unseen;
}

/** What of a run can be worse than that it had to be killed. */
const REASONS: Record<NonNullable<RunEnd['reason']>, string> = {
  live: 'It runs the live release by now.',
  user: 'It belongs to another user, whose processes this one may not end. Set Become to “sudo” in the credential.',
  disk: 'It waits for a disk or a network file system, and ends when that answers.',
  more: 'It goes on starting processes. Stop what starts them, then run again.',
};
const UNKNOWN = 'There is no run of this engine with that id.';

/** Ends runs; of the chosen ones, or of all whose release isn't live. Takes no lock. */
export async function stopRuns(client: ExecutorClient, options: StopRunsOptions): Promise<StopRunsResult> {
  const { basePath, dryRun, includeLive, holder, graceSeconds } = options;
  const found = await client.call('runs', { basePath });
  const { runs, unknown } = decideStops(found.runs, options);
  const asked = runs.map(({ processId, startTicks }): [number, number] => [processId, startTicks]);
  const nothing = dryRun || runs.length === 0;
  const { ends, noted } = nothing
    ? { ends: [], noted: true }
    : await client.call('stopRuns', {
        basePath,
        runs: asked,
        includeLive,
        waitSeconds: graceSeconds,
        holder,
      });
  const told = new Map(ends.map((end) => [end.processId, end]));
  const stopped = [...runs.map((run) => stoppedRun(run, told.get(run.processId))), ...unknown.map(noRun)];
  const place = placeOf(client, basePath);
  return {
    ...place,
    status: statusOf(stopped, dryRun),
    summary: `${summaryOf(stopped, dryRun, shownPlace(place))}${noted ? '' : ' The history could not be written.'}`,
    runs: stopped,
    ...(found.unseen !== 0 && { unseen: found.unseen }),
  };
}

/** Without an end only planned; nothing that was asked for has none. */
function stoppedRun({ processId, run, release, command }: EngineRun, end: RunEnd | undefined): StoppedRun {
  const reason = end?.reason ?? null;
  return {
    processId,
    run,
    release,
    command,
    end: end?.end ?? 'planned',
    reason: reason && REASONS[reason],
  };
}

function noRun(id: string): StoppedRun {
  const isRun = id.length === 16;
  const ids = isRun ? { processId: null, run: id } : { processId: Number(id), run: null };
  return { ...ids, release: null, command: null, end: 'gone', reason: UNKNOWN };
}

function statusOf(runs: readonly StoppedRun[], dryRun: boolean): StopRunsResult['status'] {
  if (dryRun) return 'planned';
  return runs.some(({ end }) => end === 'refused' || end === 'remains') ? 'attention' : 'stopped';
}

/** How many ended how, in the order in which people want to know. */
function summaryOf(runs: readonly StoppedRun[], dryRun: boolean, place: string): string {
  const counted = (...ends: Array<StoppedRun['end']>) => runs.filter(({ end }) => ends.includes(end)).length;
  const many = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'run' : 'runs'}`;
  if (dryRun) return `${many(counted('planned'))} of ${place} would be stopped.`;
  const parts = [
    [counted('killed'), 'killed after the grace'],
    [counted('refused'), 'left as they are'],
    [counted('remains'), 'still there'],
    [counted('gone'), 'gone before'],
  ] as const;
  const rest = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const first = `${many(counted('ended', 'killed'))} of ${place} stopped`;
  return `${[first, ...rest].join(', ')}.`;
}
