import type { Comparison, Survey } from '../contract/facts';
import type { RecordedDependencies, SourceDescription } from '../contract/records';
import { sameDependencies } from '../dependencies/wanted';
import type { Bundle } from '../source/bundle';
import type { AdoptionPreview, Live } from './live';
import type { PlainFacts } from './plainTree';

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

/** Whether a version is exactly what is live, with nothing edited by hand, and the packages it needs are there. */
export function isDeployed({ live, digest, wanted }: Pick<Version, 'live' | 'digest' | 'wanted'>): boolean {
  if (live === undefined || live.drifted || live.digest !== digest) return false;
  if (!sameDependencies(live.dependencies, wanted)) return false;
  const { installs, mode } = wanted;
  return !installs || mode !== 'virtualEnvironment' || (live.environment !== null && live.problem === null);
}
