import type { BasePath } from '../contract/names';
import type { ExecutorClient } from '../executor/client';
import { type Place, placeOf } from '../release/place';
import { type RolloutResult, rolloutResult } from '../rollout/rolloutResult';

/** The last rollout of an engine. */
export interface RolloutStatus extends Place {
  /** `none`: no release was ever watched here. */
  status: 'none' | RolloutResult['state'];
  rollout: RolloutResult | null;
  summary: string;
}

/** Asks how the last rollout goes, or ended. Takes no lock and changes nothing. */
export async function getRollout(client: ExecutorClient, basePath: BasePath): Promise<RolloutStatus> {
  const { rollout } = await client.call('getRollout', { basePath });
  return rolloutStatus(client, basePath, rollout);
}

/** An answer of the engine's side, as outputs have it. */
export function rolloutStatus(
  client: ExecutorClient,
  basePath: BasePath,
  rollout: Parameters<typeof rolloutResult>[1] | null,
): RolloutStatus {
  const place = placeOf(client, basePath);
  if (rollout === null) {
    return { ...place, status: 'none', rollout: null, summary: 'No release was ever watched here.' };
  }
  const result = rolloutResult(client, rollout);
  return { ...place, status: result.state, rollout: result, summary: result.summary };
}
