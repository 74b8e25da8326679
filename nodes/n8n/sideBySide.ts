import type { BasePath, Entrypoint } from '../shared/contract/names';
import type { ExecutorClient } from '../shared/executor/client';
import { connectAhead } from '../shared/operations/connectAhead';
import type { ItemContext } from './item';

/**
 * Connects, and has the engine looked at, while the source is being read. When one of both does not work out, nothing of
 * the other is left open.
 */
export async function connectAnd<Opened extends { close(): Promise<void> }>(
  item: ItemContext,
  engine: { basePath: BasePath; entrypoint: Entrypoint },
  open: () => Promise<Opened>,
): Promise<[ExecutorClient, Opened]> {
  const opening = open();
  const connecting = connectAhead(item.connect(), opening, engine);
  const [connected, opened] = await Promise.allSettled([connecting, opening]);
  if (opened.status === 'rejected') throw opened.reason;
  if (connected.status === 'fulfilled') return [connected.value, opened.value];
  await opened.value.close();
  throw connected.reason;
}
