import type { EngineRun } from '../contract/engineRuns';
import type { BasePath } from '../contract/names';
import type { ExecutorClient } from '../executor/client';
import { type Place, placeOf } from '../release/place';
import type { Unseen } from '../release/unseen';

/** One run that is there now. */
export interface RunItem extends Place, Omit<EngineRun, 'startedBy' | 'startTicks'> {
  /** Of the execution that started it; null where it was started otherwise, or that is kept back. */
  workflow: string | null;
  execution: string | null;
}

/** The runs that are there now, and how many there are: lists name the oldest. */
export interface RunsFound {
  runs: RunItem[];
  count: number;
  unseen: Unseen;
}

/** Looks which runs of an engine there are. Takes no lock and changes nothing. */
export async function getRuns(client: ExecutorClient, basePath: BasePath): Promise<RunsFound> {
  const { runs, count, unseen } = await client.call('runs', { basePath });
  return { runs: runs.map((run) => ({ ...placeOf(client, basePath), ...runItem(run) })), count, unseen };
}

function runItem({ startedBy, startTicks: _, ...run }: EngineRun): Omit<RunItem, keyof Place> {
  return { ...run, workflow: startedBy?.workflow ?? null, execution: startedBy?.execution ?? null };
}
