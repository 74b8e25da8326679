import type { Comparison } from '../contract/facts';
import type { RecordedDependencies, SourceDescription } from '../contract/records';
import type { Bundle } from '../source/bundle';
import type { Foreseen, Live } from './live';

/** A new version, and how it differs from what is live: all that is decided from, beside the snapshot. */
export interface Version {
  readonly source: SourceDescription;
  /** Digest of its entries; see `contentDigest`. */
  readonly digest: string;
  /** What the patterns leave out. */
  readonly ignored: Bundle['ignored'];
  /** Of all its files. */
  readonly bytes: number;
  /** Plain names that have to be adopted first. */
  readonly adopts: readonly string[];
  /** What is live or, where plain files are adopted first, will be then. */
  readonly live: Live | Foreseen | undefined;
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
