import { engineOptions, readEngine } from '../../n8n/engineFields';
import { locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { progressOf } from '../../n8n/progress';
import { readRetention, retentionOptions } from '../../n8n/retentionFields';
import { unseenHints } from '../../n8n/hints';
import { pruneReleases } from '../../shared/operations/prune';
import { unseenIn } from '../../shared/release/unseen';

/** Removes what is beyond the numbers to keep. */
export const prune: Operation = {
  value: 'prune',
  name: 'Prune Releases',
  description: 'Remove old releases and backups; the live, the previous and running ones stay',
  action: 'Prune releases',
  changes: true,
  fields: locationFields,
  options: [...engineOptions, ...retentionOptions],
  async run(item) {
    const { node, read, connect, signal } = item;
    const engine = { ...readEngine(item), signal };
    const client = await connect();
    const onStep = progressOf(node, engine.basePath);
    const { releases, inUse, backups, counts, unseen, settled, repaired } = await pruneReleases(
      client,
      { ...engine, onStep },
      readRetention(read),
    );
    node.addExecutionHints(...unseenHints(unseen));
    return {
      host: client.connection.host,
      basePath: engine.basePath,
      removedReleases: releases,
      keptInUse: inUse,
      removedBackups: backups,
      removedCounts: { ...counts },
      ...unseenIn(unseen),
      ...(settled && { settled: { ...settled } }),
      ...(repaired.length > 0 && { repaired: repaired.map((finding) => ({ ...finding })) }),
    };
  },
};
