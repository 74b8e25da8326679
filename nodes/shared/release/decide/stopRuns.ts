import type { EngineRun } from '../../contract/engineRuns';
import { DeployError } from '../../errors';

/** Which runs are to end. */
export interface WantedStops {
  /** Ids of processes or of runs; none of them: all runs of releases that aren't live. */
  readonly chosen: readonly string[];
  /** Whether those of the live release may be among them. */
  readonly includeLive: boolean;
}

/** The runs that end, and what was chosen and is no run. */
export interface PlannedStops {
  readonly runs: readonly EngineRun[];
  readonly unknown: readonly string[];
}

/** As many runs as a message names. */
const SHOWN = 10;

/**
 * Decides which runs end.
 *
 * @throws DeployError `INPUT` where one was chosen that runs the live release, and that was not allowed
 */
export function decideStops(runs: readonly EngineRun[], { chosen, includeLive }: WantedStops): PlannedStops {
  if (chosen.length === 0) return { runs: runs.filter(({ live }) => includeLive || !live), unknown: [] };
  const wanted = new Set(chosen);
  const found = runs.filter((run) => idsOf(run).some((id) => wanted.has(id)));
  if (!includeLive) refuseLive(found.filter(({ live }) => live));
  const known = new Set(found.flatMap(idsOf));
  return { runs: found, unknown: [...wanted].filter((id) => !known.has(id)) };
}

function idsOf({ processId, run }: EngineRun): string[] {
  return run === null ? [String(processId)] : [String(processId), run];
}

function refuseLive(live: readonly EngineRun[]): void {
  if (live.length === 0) return;
  const shown = live.slice(0, SHOWN).map(({ processId }) => String(processId));
  const more = live.length > SHOWN ? ` and ${live.length - SHOWN} more` : '';
  throw new DeployError(
    'INPUT',
    `Runs names what runs the live release: process ${shown.join(', ')}${more}. Nothing was stopped.`,
    { description: 'Switch on “Include Live Release” to stop such runs, too, or leave them out of Runs.' },
  );
}
