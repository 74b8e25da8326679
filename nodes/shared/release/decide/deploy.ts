import type { ReleaseId } from '../../contract/names';
import type { Pinning, RecordedDependencies, SourceDescription } from '../../contract/records';
import type { Check } from '../checks';
import type { Live } from '../live';
import { createSelection } from '../../source/patterns';
import type { DeployOptions } from '../options';
import { type Changes, changesOf } from '../changes';
import { type Drift, driftOf } from '../drift';
import type { Snapshot } from '../snapshot';
import { isUnchanged, type Version } from '../version';
import { providing } from './providing';
import { pruning } from './prune';
import type { PreflightFinding } from '../preflight';
import type { Plan, Step, Subject } from '../steps';
import { decidePreflight } from './preflight';
import { catchingUp } from './services';
import { waitingForMoment } from './moment';
import { switching } from './switching';
import { watching } from './watching';

/** What a deployment will do: what Plan Deployment shows is this very value. */
export interface DeploymentPlan extends Plan {
  /** Whether nothing has to be deployed: it is what is live, or what will be once it was adopted. */
  readonly unchanged: boolean;
  /** What is live now. */
  readonly release: ReleaseId | null;
  /** What is live when the switch comes. */
  readonly before: Subject | null;
  readonly source: SourceDescription & { readonly digest: string };
  readonly changes: Changes;
  /** Plain names that are adopted with the switch; the changes are against what they hold. */
  readonly adopts: readonly string[];
  readonly dependencies: RecordedDependencies;
  /** The environment that stays, where nothing is installed. */
  readonly environment: string | null;
  readonly checks: readonly Check[];
  /** Edits by hand that the deployment takes away. */
  readonly drift: Drift;
  /** What was found beforehand; with something `refused`, nobody may carry the plan out. */
  readonly findings: readonly PreflightFinding[];
}

/** Decides what deploying a version will do. */
export function decideDeployment(
  snapshot: Snapshot,
  version: Version,
  options: DeployOptions,
): DeploymentPlan {
  const { adopts, live, source, digest, comparison, wanted } = version;
  const unchanged = isUnchanged(snapshot, version, options);
  const before: Subject | null =
    adopts.length > 0 ? 'adopted' : ((live as Live | undefined)?.release ?? null);
  return {
    unchanged,
    release: snapshot.probe.current,
    before,
    source: { ...source, digest },
    changes: changesOf(comparison.changes, version.ignored),
    adopts,
    dependencies: wanted,
    environment: live?.environment ?? null,
    checks: options.checks,
    drift: driftOf(snapshot.probe, createSelection(options.selection)),
    findings: decidePreflight(snapshot, version, options),
    steps: [
      ...copying(version, options),
      ...(unchanged
        ? [
            ...remembering(version, before),
            ...adopting(version, options),
            ...catchingUp(snapshot.probe.current, options, {
              service: options.service,
              running: snapshot.probe.services,
            }),
          ]
        : bringing(snapshot, version, before, options)),
    ],
  };
}

/** Plain files are copied into a first release, with a record of which of them the patterns own. */
function copying({ adopts, copies, live, adoptedSharing }: Version, options: DeployOptions): Step[] {
  if (adopts.length === 0 || !live) return [];
  const { entrypoint, selection } = options;
  const { include, exclude } = selection;
  const made = { digest: live.digest, entrypoint, include, exclude };
  const fields = { ...made, ...adoptedSharing, ...recordedPinning(options) };
  return [
    { step: 'copyPlain', names: copies, entrypoint },
    { step: 'describe', release: 'adopted', fields, kept: live.keep },
  ];
}

/** What is asked for beside the default. */
function recordedPinning({ pinning }: DeployOptions): { pinning?: Pinning } {
  return pinning === undefined || pinning === 'auto' ? {} : { pinning };
}

/** Where nothing else is to be switched to. */
function adopting({ adopts }: Version, { entrypoint, moment }: DeployOptions): Step[] {
  if (adopts.length === 0) return [];
  return [...waitingForMoment(moment), { step: 'adopt', entrypoint }, { step: 'confirm' }];
}

/** A later version that holds the very same needs not be read again. */
function remembering({ live, source }: Version, release: Subject | null): Step[] {
  const known = live?.source !== undefined && sameVersion(live.source, source);
  if (release === null || source.commit === undefined || known) return [];
  return [{ step: 'describe', release, fields: { sameContent: source } }];
}

function bringing(
  { probe, listed }: Snapshot,
  { adopts, live, source, digest, comparison, wanted, sharing, spared }: Version,
  before: Subject | null,
  options: DeployOptions,
): Step[] {
  const { entrypoint, selection, checks } = options;
  const { include, exclude } = selection;
  const sequence = probe.sequence + (adopts.length > 0 ? 1 : 0);
  const backup = options.createBackup && before !== null;
  const made = { sequence, source, digest, entrypoint, include, exclude, dependencies: wanted };
  const sparing = Object.keys(spared).length > 0 ? { spared } : {};
  const record = { ...made, ...sharing, ...sparing, ...recordedPinning(options) };
  const { needed } = comparison;
  const liveHasPackages = Boolean(live?.environment);
  const provide = providing({ release: 'new', wanted, live: before, liveHasPackages, keep: false });
  return [
    ...(backup ? [backingUp(before, options)] : []),
    { step: 'bring', live: before, digest, needed, keep: live?.keep ?? [], record },
    ...switching({
      release: 'new',
      operation: 'deploy',
      entrypoint,
      checks,
      provide,
      // Where nothing is there yet, nothing can be compared with.
      ...(before !== null && { live: probe.current }),
      adopts: adopts.length > 0,
      share: live?.shared ?? [],
      service: options.service,
      running: probe.services,
      moment: options.moment,
    }),
    ...watching(before, probe, options),
    ...pruning(listed.prunable, options, { current: 'new', release: true, previous: before, backup }),
  ];
}

/** A backup of what is live, with what is shared only where that was asked for. */
export function backingUp(release: Subject, { backupShared }: Pick<DeployOptions, 'backupShared'>): Step {
  return { step: 'backUp', release, ...(backupShared && { shared: true }) };
}

/** Whether two descriptions name the same commit of the same place. */
export function sameVersion(one: SourceDescription, other: SourceDescription): boolean {
  return (
    one.commit !== undefined &&
    one.commit === other.commit &&
    one.repository === other.repository &&
    one.subdirectory === other.subdirectory
  );
}
