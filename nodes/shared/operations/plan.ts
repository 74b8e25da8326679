import type { Holder, SourceDescription } from '../contract/records';
import type { PinningFound, Probe } from '../contract/facts';
import type { ReleaseId } from '../contract/names';
import { planDependencies, type PlannedDependencies } from '../dependencies/planned';
import type { ExecutorClient } from '../executor/client';
import { type Changes } from '../release/changes';
import { type Check, checksFor, replaysOf } from '../release/checks';
import { RUNS_OF_AN_INPUT } from '../replay/replaySettings';
import { decideDeployment, type DeploymentPlan } from '../release/decide/deploy';
import { digestOfPlan } from '../release/decide/planDigest';
import { type Drift } from '../release/drift';
import {
  readSource,
  refuseFindings,
  refuseUnpinnable,
  refuseUnreachableService,
  refuseUnusableHere,
  refuseWithoutEntrypoint,
} from '../release/preconditions';
import type { PreflightFinding } from '../release/preflight';
import { noticesOf } from '../release/notices';
import { observe } from '../release/observe/engine';
import { observeVersion } from '../release/observe/version';
import { type DeployOptions, startsInRelease } from '../release/options';
import { type Place, placeOf } from '../release/place';
import { type Starts, startsOf } from '../release/starts';
import { StepLog } from '../release/stepLog';
import type { Version } from '../release/version';
import type { Bundle } from '../source/bundle';
import { isOpened, type Source } from '../source/source';

/** As many files as a plan lists. */
const LISTED = 1000;

/** What a deployment would do: its plan, as people read it. */
export interface PlanResult extends Place {
  status: 'planned';
  /** Whether deploying would answer `unchanged`. */
  unchanged: boolean;
  release: ReleaseId | null;
  source: SourceDescription & { digest: string };
  changes: Changes;
  /** The first 1,000 files that change, with their sizes in bytes; null where there is none. */
  files: PlannedFile[];
  /** Plain names that would be adopted first; the changes are against what they hold. */
  adopt: readonly string[];
  dependencies: PlannedDependencies;
  /** Bytes of content that would be sent, before compression. */
  bytesToSend: number;
  /** With what a replay costs at most: runs of the engine, and minutes until no further input is started. */
  checks: Array<{
    name: string;
    type: string;
    when: 'before' | 'after';
    runs?: number;
    minutes?: number;
  }>;
  /** How the switch would happen; `atomic` is null where only trying tells whether plain files can be adopted without a gap. */
  swap: { method: 'rename' | 'none'; atomic: boolean | null; adopts: boolean };
  /** Edits by hand that the deployment would take away. */
  drift: Drift;
  lockedBy: Holder | null;
  space: { freeBytes: number; neededBytes: number };
  releasesInUse: Probe['releasesInUse'];
  /** How runs would be pinned that the same user starts; null where only deploying tells. */
  pinning: PinningFound | null;
  /** What was looked for beforehand and found: what is kept and how, and what to think of. */
  findings: readonly PreflightFinding[];
  /** Which ways of starting it are pinned then, and which scripts at the top are not. */
  starts: Starts;
  /** What would be done so that a service answers with the new version. */
  service: 'none' | 'reload' | 'handOver';
  /** What should be known of the place, such as that a deployment may not write there. */
  notices: string[];
  /** Names all of this but what comes and goes by itself; see `planDigest.ts`. */
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
): Promise<PlanResult> {
  const { basePath, entrypoint } = options;
  if (isOpened(offered)) refuseWithoutEntrypoint(offered, entrypoint);
  const snapshot = await observe(client, options, { holder: true, packages: true, pinning: 'live' });
  const { probe, side } = snapshot;
  refuseUnreachableService(snapshot, options);
  const bundle = await readSource(offered, probe, options);
  await refuseUnusableHere(bundle, probe, options);
  const log = new StepLog();
  const { version } = await observeVersion(bundle, { client, snapshot, options, log, sizes: true });
  const plan = decideDeployment(snapshot, version, options);
  refuseFindings(plan.findings);
  if (options.pinning === 'place') refuseUnpinnable(probe);
  return {
    status: 'planned',
    ...placeOf(client, basePath),
    ...shownPlan(plan, version, probe),
    dependencies: await planDependencies(client, bundle, version, snapshot),
    lockedBy: probe.holder ?? null,
    space: { freeBytes: probe.space.freeBytes, neededBytes: version.bytes },
    releasesInUse: probe.releasesInUse,
    pinning: plannedPinning(probe, options),
    starts: startsOf(bundle.entries, probe, options),
    notices: noticesOf(snapshot),
    planDigest: digestOfPlan(plan, side, options),
  };
}

/** As runs of what is live are, unless another way is asked for; whether a kernel allows that is tried with a release. */
function plannedPinning({ pinning: now }: Probe, { pinning = 'auto' }: DeployOptions): PinningFound | null {
  if (pinning === 'code') return { way: 'code', why: 'chosen' };
  if (startsInRelease(pinning)) return { way: 'release', why: 'chosen' };
  if (!now || now.why === 'chosen') return null;
  return now;
}

/** The plan itself, under the names that people know. */
function shownPlan(
  { unchanged, release, source, changes, adopts, checks, drift, findings, steps }: DeploymentPlan,
  { comparison }: Version,
  { filesystem }: Probe,
) {
  return {
    unchanged,
    release,
    source,
    changes,
    files: filesOf(comparison),
    adopt: adopts,
    bytesToSend: comparison.bytes,
    checks: shownChecks(checks),
    swap: {
      method: unchanged ? 'none' : 'rename',
      atomic: adopts.length === 0 ? true : exchangesNames(filesystem.type),
      adopts: adopts.length > 0,
    },
    service: plannedService(steps),
    drift,
    findings,
  } as const;
}

/** What would be done for a service. */
function plannedService(steps: DeploymentPlan['steps']): PlanResult['service'] {
  if (steps.some(({ step }) => step === 'prepareService')) return 'handOver';
  return steps.some(({ step }) => step === 'switchService') ? 'reload' : 'none';
}

/** Kinds of file systems on which `renameat2` exchanges names, as far as they are known for it. */
const EXCHANGING = ['ext4', 'xfs', 'btrfs', 'tmpfs', 'f2fs', 'bcachefs'];

function exchangesNames(filesystem: string | null): true | null {
  return filesystem !== null && EXCHANGING.includes(filesystem) ? true : null;
}

function filesOf({ changes, sizes = {} }: Version['comparison']): PlannedFile[] {
  const kinds = ['added', 'modified', 'removed'] as const;
  return kinds
    .flatMap((change) => changes.paths[change].map((path) => ({ path, change })))
    .slice(0, LISTED)
    .map(({ path, change }) => {
      const [bytesBefore, bytes] = sizes[path] ?? [null, null];
      return { path, change, bytes, bytesBefore };
    });
}

function shownChecks(checks: readonly Check[]): PlanResult['checks'] {
  const shown = (when: 'before' | 'after') =>
    checksFor(when, checks).map(({ name, type }) => ({ name, type, when }));
  const replays = replaysOf(checks).map(({ name, type, replay }) => ({
    ...{ name, type, when: 'before' as const },
    ...(replay && { runs: replay.maxInputs * RUNS_OF_AN_INPUT, minutes: replay.maxMinutes }),
  }));
  return [...shown('before'), ...replays, ...shown('after')];
}
