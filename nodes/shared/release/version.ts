import type { Comparison, Probe, Survey } from '../contract/facts';
import type { RecordedDependencies, SourceDescription } from '../contract/records';
import { sameDependencies } from '../dependencies/wanted';
import type { Bundle } from '../source/bundle';
import type { Spared } from './checks';
import type { AdoptionPreview, Live } from './live';
import type { DeployOptions } from './options';
import type { PlainFacts } from './plainTree';
import type { Sharing } from './sharing';
import type { Snapshot } from './snapshot';

/** A new version, and how it differs from what is live: all that is decided from, beside the snapshot. */
export interface Version {
  readonly source: SourceDescription;
  /** Digest of its entries; see `contentDigest`. */
  readonly digest: string;
  /** What the patterns leave out. */
  readonly ignored: Bundle['ignored'];
  /** Of all its files. */
  readonly bytes: number;
  /** Names at its top. */
  readonly names: readonly string[];
  /** Names at the source's top that the patterns leave out. */
  readonly beside?: readonly string[] | undefined;
  /** Plain names that have to be adopted first. */
  readonly adopts: readonly string[];
  /** What of those is copied: the names or, where something beside them stays the host's, what lies below them. */
  readonly copies: readonly string[];
  /** Its start scripts for a shell that have the line ends of Windows. */
  readonly windowsScripts: readonly string[];
  /** Of its files, those that checks do not look at. */
  readonly spared: Spared;
  /** What is shared in a first release of those. */
  readonly adoptedSharing: Sharing;
  /** What is shared when this version is live. */
  readonly sharing: Sharing;
  /** Of its files, those that the host has something of its own in the place of. */
  readonly sharedToo: readonly string[];
  /** Shared files that a run of the live release has replaced there, so that others do not find what it wrote. */
  readonly torn: readonly string[];
  /** What is live or, where plain files are adopted first, will be then. */
  readonly live: Live | AdoptionPreview | undefined;
  /** How the plain files that are to be adopted differ from it, where there are any. */
  readonly plain?: PlainFacts | undefined;
  /** What a release could change for them. */
  readonly survey?: Survey | undefined;
  readonly wanted: RecordedDependencies;
  readonly comparison: Comparison;
}

/** Of a version that is live already, nothing has to be compared. */
export const NOTHING_COMPARED: Comparison = {
  needed: [],
  bytes: 0,
  changes: {
    counts: { added: 0, modified: 0, removed: 0 },
    paths: { added: [], modified: [], removed: [] },
  },
};

/** Whether there is nothing to do for a version: it is live already, and pinned as it is to be. */
export function isUnchanged(
  { probe }: Snapshot,
  version: Pick<Version, 'live' | 'digest' | 'wanted'>,
  options: DeployOptions,
): boolean {
  const asked = isPinnedAs(probe, options) && isSharedAs(probe, options);
  return isDeployed(version) && asked && !options.deployUnchanged;
}

/** Whether runs of what is live are pinned as they are to be; so are those of plain files that will be adopted. */
export function isPinnedAs(
  { live }: Pick<Probe, 'live'>,
  { pinning = 'auto' }: Pick<DeployOptions, 'pinning'>,
): boolean {
  return live === null || (live.record?.pinning ?? 'auto') === pinning;
}

/** Whether what is live shares what is to be shared. */
export function isSharedAs(
  { live }: Pick<Probe, 'live'>,
  { selection }: Pick<DeployOptions, 'selection'>,
): boolean {
  return (
    live === null || JSON.stringify(live.record?.shared ?? []) === JSON.stringify(selection.shared ?? [])
  );
}

/** Whether a version is exactly what is live, with nothing edited by hand, and the packages it needs are there. */
function isDeployed({ live, digest, wanted }: Pick<Version, 'live' | 'digest' | 'wanted'>): boolean {
  if (live === undefined || live.drifted || live.digest !== digest) return false;
  if (!sameDependencies(live.dependencies, wanted)) return false;
  const { installs, mode } = wanted;
  return !installs || mode !== 'virtualEnvironment' || (live.environment !== null && live.problem === null);
}
