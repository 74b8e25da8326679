import type { ExecutorClient } from '../shared/executor/client';
import type { ItemContext } from './runItems';

/** Connects while the source is being read. When one of both does not work out, nothing of the other is left open. */
export async function connectAnd<Opened extends { close(): Promise<void> }>(
  item: ItemContext,
  open: () => Promise<Opened>,
): Promise<[ExecutorClient, Opened]> {
  const [connected, opened] = await Promise.allSettled([item.connect(), open()]);
  if (opened.status === 'rejected') throw opened.reason;
  if (connected.status === 'fulfilled') return [connected.value, opened.value];
  await opened.value.close();
  throw connected.reason;
}
