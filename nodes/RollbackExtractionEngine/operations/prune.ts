import type { IDataObject } from 'n8n-workflow';

import { readEngine, readOptions, readRetention } from '../../n8n/parameters';
import { progressOf } from '../../n8n/progress';
import type { ItemContext } from '../../n8n/runItems';
import { pruneReleases } from '../../shared/releases';

/** Prune Releases: removes what is beyond the numbers to keep. */
export async function pruneKept({ node, read, connect, signal }: ItemContext): Promise<IDataObject> {
  const engine = { ...readEngine(read, node, 'prune'), signal };
  const client = await connect();
  const onStep = progressOf(node, engine.basePath);
  const { releases, inUse, backups, settled, repaired } = await pruneReleases(
    client,
    { ...engine, onStep },
    readRetention(readOptions(read)),
  );
  const { host } = client.connection;
  return {
    host,
    basePath: engine.basePath,
    removedReleases: releases,
    keptInUse: inUse,
    removedBackups: backups,
    ...(settled && { settled: { ...settled } }),
    ...(repaired.length > 0 && { repaired: repaired.map((finding) => ({ ...finding })) }),
  };
}
