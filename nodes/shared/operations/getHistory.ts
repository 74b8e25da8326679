import type { BasePath } from '../contract/names';
import type { ResultOf } from '../contract/verbs';
import type { ExecutorClient } from '../executor/client';
import { type Place, placeOf } from '../release/place';

/** One change of what is live, or one attempt that was refused or taken back. */
export type HistoryItem = Place & ResultOf<'history'>['changes'][number];

/** What became of an engine, newest first. Takes no lock and changes nothing. */
export async function getHistory(
  client: ExecutorClient,
  basePath: BasePath,
  limit: number,
): Promise<HistoryItem[]> {
  const { changes } = await client.call('history', { basePath, limit });
  return changes.map((change) => ({ ...placeOf(client, basePath), ...change }));
}
