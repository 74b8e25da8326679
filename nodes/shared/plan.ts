import { planDependencies, type PlannedDependencies } from './dependencies/planned';
import { filesOfBundle } from './dependencies/texts';
import { wantedDependencies } from './dependencies/wanted';
import type { ExecutorClient } from './executor/client';
import type { Holder, Probe, Verbs } from './executor/protocol';
import { checksFor } from './release/checks';
import { refuseUnfit, refuseWithoutEntrypoint } from './release/fitness';
import { checkBasePath, checkEntrypoint } from './release/layout';
import { isLive, type Live, plainNames, seenLive } from './release/live';
import type { DeployOptions } from './release/options';
import { type Changes, changesOf, placeOf } from './release/result';
import { difference, rowsOf } from './release/transfer';
import { driftOf, type EngineStatus } from './status';
import type { Bundle, SourceDescription } from './source/bundle';
import { createSelection } from './source/patterns';

/** What a deployment would do. */
export interface Plan {
  status: 'planned';
  host: string;
  basePath: string;
  /** Whether deploying would answer `unchanged`. */
  unchanged: boolean;
  release: string | null;
  source: SourceDescription & { digest: string };
  changes: Changes;
  /** Plain names that would be adopted first; the changes are against nothing then. */
  adopt: string[];
  dependencies: PlannedDependencies;
  /** Bytes of content that would be sent, before compression. */
  bytesToSend: number;
  checks: Array<{ name: string; type: string; when: 'before' | 'after' }>;
  /** Edits by hand that the deployment would take away. */
  drift: EngineStatus['drift'];
  lockedBy: Holder | null;
  space: { freeBytes: number; neededBytes: number };
  releasesInUse: Probe['releasesInUse'];
}

/** Finds out what deploying a bundle would do. Takes no lock and changes nothing on either side. */
export async function planDeployment(
  client: ExecutorClient,
  bundle: Bundle,
  options: DeployOptions,
): Promise<Plan> {
  const { basePath, entrypoint, selection } = options;
  checkBasePath(basePath);
  checkEntrypoint(entrypoint);
  refuseWithoutEntrypoint(bundle, entrypoint);
  const probe = await client.call('probe', { basePath, entrypoint, holder: true });
  refuseUnfit(bundle, probe);
  const compiled = createSelection(selection);
  const adopted = plainNames(
    probe,
    compiled,
    new Set(bundle.entries.map(({ path }) => path.split('/', 1)[0])),
  );
  const live = await seenLive(client, probe, selection, compiled);
  const wants = await wantedDependencies(
    filesOfBundle(bundle),
    options.dependencies,
    client.hello.python,
    live?.dependencies,
  );
  const wanted = await compare(client, bundle, basePath, live);
  return {
    status: 'planned',
    ...placeOf(client, basePath),
    unchanged: adopted.length === 0 && isLive(bundle, live, wants) && !options.deployUnchanged,
    release: probe.current,
    source: { ...bundle.source, digest: bundle.digest },
    changes: changesOf(wanted.changes, bundle.ignored),
    adopt: adopted,
    dependencies: await planDependencies(client, bundle, wants, { basePath, live }),
    bytesToSend: wanted.bytes ?? 0,
    checks: plannedChecks(options),
    drift: driftOf(probe, selection),
    lockedBy: probe.holder ?? null,
    space: {
      freeBytes: probe.space.freeBytes,
      neededBytes: bundle.entries.reduce((sum, entry) => sum + entry.size, 0),
    },
    releasesInUse: probe.releasesInUse,
  };
}

/** What would be sent and changed. */
async function compare(
  client: ExecutorClient,
  bundle: Bundle,
  basePath: string,
  live: Live | undefined,
): Promise<Verbs['digest']['result']> {
  const { entries, sameDirectories } = await difference(client, bundle, live);
  return client.call('digest', {
    basePath,
    release: live?.release ?? null,
    entries: rowsOf(entries),
    sameDirectories,
  });
}

function plannedChecks({ checks }: DeployOptions): Plan['checks'] {
  return (['before', 'after'] as const).flatMap((when) =>
    checksFor(when, checks).map(({ name, type }) => ({ name, type, when })),
  );
}
