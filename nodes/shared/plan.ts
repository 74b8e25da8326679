import type { Comparison } from './contract/facts';
import type { BasePath, ReleaseId } from './contract/names';
import type { Probe } from './contract/facts';
import type { Holder, SourceDescription } from './contract/records';
import { planDependencies, type PlannedDependencies } from './dependencies/planned';
import { filesOfBundle } from './dependencies/texts';
import { wantedDependencies } from './dependencies/wanted';
import type { ExecutorClient } from './executor/client';
import { checksFor } from './release/checks';
import { readSource, refuseUnfit, refuseWithoutEntrypoint } from './release/fitness';
import { type Foreseen, foreseeAdoption, isLive, type Live, plainNames, seenLive } from './release/live';
import type { DeployOptions } from './release/options';
import { noticesOf } from './release/notices';
import { type Place, placeOf } from './release/place';
import { type Changes, changesOf, sourceOf } from './release/result';
import { askedAbout, difference, rowsOf } from './release/transfer';
import { digestOfPlan, refuseOtherDigest } from './planDigest';
import { driftOf, type EngineStatus } from './status';
import type { Bundle } from './source/bundle';
import { createSelection } from './source/patterns';
import { isOpened, type Source } from './source/source';

/** As many files as a plan lists. */
const LISTED = 1000;

/** What a deployment would do. */
export interface Plan extends Place {
  status: 'planned';
  /** Whether deploying would answer `unchanged`. */
  unchanged: boolean;
  release: ReleaseId | null;
  source: SourceDescription & { digest: string };
  changes: Changes;
  /** The first 1,000 files that change, with their sizes in bytes; null where there is none. */
  files: PlannedFile[];
  /** Plain names that would be adopted first; the changes are against what they hold. */
  adopt: string[];
  dependencies: PlannedDependencies;
  /** Bytes of content that would be sent, before compression. */
  bytesToSend: number;
  checks: Array<{ name: string; type: string; when: 'before' | 'after' }>;
  /** How the switch would happen; `atomic` is null where only trying tells whether plain files can be adopted without a gap. */
  swap: { method: 'rename' | 'none'; atomic: boolean | null; adopts: boolean };
  /** Edits by hand that the deployment would take away. */
  drift: EngineStatus['drift'];
  lockedBy: Holder | null;
  space: { freeBytes: number; neededBytes: number };
  releasesInUse: Probe['releasesInUse'];
  /** What should be known of the place, such as that a deployment may not write there. */
  notices: string[];
  /** Names all of this but what comes and goes by itself; see {@link refuseOtherPlan}. */
  planDigest: string;
}

/** A file that a deployment would add, modify or remove. */
export interface PlannedFile {
  path: string;
  change: 'added' | 'modified' | 'removed';
  bytes: number | null;
  bytesBefore: number | null;
}

/** Finds out what deploying a source would do. Takes no lock and changes nothing on either side. */
export async function planDeployment(
  client: ExecutorClient,
  offered: Source | Bundle,
  options: DeployOptions,
): Promise<Plan> {
  const { basePath, entrypoint, selection } = options;
  if (isOpened(offered)) refuseWithoutEntrypoint(offered, entrypoint);
  const probe = await client.call('probe', { basePath, entrypoint, holder: true });
  const bundle = await readSource(offered, probe, options);
  await refuseUnfit(bundle, probe);
  const { adopted, live } = await whatIsLive(client, bundle, options, probe);
  const wants = await wantedDependencies(
    filesOfBundle(bundle),
    options.dependencies,
    client.hello.python,
    live?.dependencies,
  );
  const wanted = await compare(client, bundle, basePath, live);
  const unchanged = isLive(bundle, live, wants) && !options.deployUnchanged;
  const plan: Omit<Plan, 'planDigest'> = {
    status: 'planned',
    ...placeOf(client, basePath),
    unchanged,
    release: probe.current,
    source: sourceOf(bundle),
    changes: changesOf(wanted.changes, bundle.ignored),
    files: plannedFiles(wanted),
    adopt: adopted,
    dependencies: await planDependencies(client, bundle, wants, { basePath, live }),
    bytesToSend: wanted.bytes ?? 0,
    checks: plannedChecks(options),
    swap: plannedSwap(unchanged, adopted, probe),
    drift: driftOf(probe, selection),
    lockedBy: probe.holder ?? null,
    space: {
      freeBytes: probe.space.freeBytes,
      neededBytes: bundle.entries.reduce((sum, entry) => sum + entry.size, 0),
    },
    releasesInUse: probe.releasesInUse,
    notices: noticesOf(client, basePath, probe),
  };
  return { ...plan, planDigest: digestOfPlan(plan, options) };
}

/** What is live or, where plain files are adopted first, what will be then. */
async function whatIsLive(
  client: ExecutorClient,
  bundle: Bundle,
  { basePath, entrypoint, selection }: DeployOptions,
  probe: Probe,
): Promise<{ adopted: string[]; live?: Live | Foreseen }> {
  const compiled = createSelection(selection);
  const topLevel = new Set(bundle.entries.map(({ path }) => path.split('/', 1)[0]));
  const adopted = plainNames(probe, compiled, topLevel);
  const live =
    adopted.length > 0
      ? await foreseeAdoption(client, basePath, adopted, entrypoint, compiled)
      : await seenLive(client, basePath, probe, selection, compiled);
  return { adopted, live };
}

/**
 * Goes on only when deploying would do exactly what was planned.
 *
 * @throws DeployError `PLAN_CHANGED` saying what is different now
 */
export async function refuseOtherPlan(
  client: ExecutorClient,
  bundle: Bundle,
  options: DeployOptions,
  planDigest: string,
): Promise<void> {
  const { planDigest: now } = await planDeployment(client, bundle, options);
  refuseOtherDigest(planDigest, now);
}

function plannedSwap(unchanged: boolean, adopted: readonly string[], { filesystem }: Probe): Plan['swap'] {
  return {
    method: unchanged ? 'none' : 'rename',
    atomic: adopted.length === 0 ? true : exchangesNames(filesystem.type),
    adopts: adopted.length > 0,
  };
}

/** Kinds of file systems on which `renameat2` exchanges names, as far as they are known for it. */
const EXCHANGING = ['ext4', 'xfs', 'btrfs', 'tmpfs', 'f2fs', 'bcachefs'];

function exchangesNames(filesystem: string | null): true | null {
  return filesystem !== null && EXCHANGING.includes(filesystem) ? true : null;
}

function plannedFiles({ changes, sizes = {} }: Comparison): PlannedFile[] {
  const kinds = ['added', 'modified', 'removed'] as const;
  return kinds
    .flatMap((change) => (changes?.paths[change] ?? []).map((path) => ({ path, change })))
    .slice(0, LISTED)
    .map(({ path, change }) => {
      const [bytesBefore, bytes] = sizes[path] ?? [null, null];
      return { path, change, bytes, bytesBefore };
    });
}

/** What would be sent and changed. */
async function compare(
  client: ExecutorClient,
  bundle: Bundle,
  basePath: BasePath,
  live: Live | Foreseen | undefined,
): Promise<Comparison> {
  const { entries, sameDirectories } = await difference(client, basePath, bundle, live);
  return client.call('compare', {
    ...askedAbout(basePath, live),
    entries: await rowsOf(entries),
    sameDirectories,
    sizes: true,
  });
}

function plannedChecks({ checks }: DeployOptions): Plan['checks'] {
  return (['before', 'after'] as const).flatMap((when) =>
    checksFor(when, checks).map(({ name, type }) => ({ name, type, when })),
  );
}
