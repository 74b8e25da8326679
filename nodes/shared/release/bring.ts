import type { ReleaseId } from '../contract/names';
import type { TreeChanges } from '../contract/facts';
import type { RecordedDependencies, ReleaseRecord } from '../contract/records';
import type { ExecutorClient } from '../executor/client';
import type { Bundle } from '../source/bundle';
import type { Live } from './live';
import type { DeployOptions } from './options';
import type { StepLog } from './steps';
import { announce, assemble, difference } from './transfer';

/** What the new release is made from, and beside what. */
export interface BringRequest {
  bundle: Bundle;
  live: Live | undefined;
  sequence: number;
  wanted: RecordedDependencies;
  options: DeployOptions;
  log: StepLog;
}

/** Brings a bundle to the engine's side as a new release that no link names yet. */
export async function bringRelease(
  client: ExecutorClient,
  { bundle, live, sequence, wanted, options, log }: BringRequest,
): Promise<{ release: ReleaseId; changes: TreeChanges }> {
  const record: Partial<ReleaseRecord> = {
    sequence,
    source: bundle.source,
    digest: bundle.digest,
    entrypoint: options.entrypoint,
    include: [...options.selection.include],
    exclude: [...options.selection.exclude],
    dependencies: wanted,
  };
  const different = await log.run('compare', () => difference(client, options.basePath, bundle, live));
  const announced = await log.run('announce', () =>
    announce(client, options.basePath, bundle.digest, different, live),
  );
  const { needed, release, changes } = announced;
  await log.run('transfer and assemble', () => assemble(client, bundle, different, needed, record));
  return { release, changes };
}
