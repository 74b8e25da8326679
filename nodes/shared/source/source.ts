import type { SourceDescription } from '../contract/records';
import type { Bundle } from './bundle';

/** Where a new version comes from, before it is known what of it has to be read. */
export interface Source {
  /** What would be fetched, where that is known without reading content: for Git, its commit. */
  version?: SourceDescription;
  /**
   * Reads what is needed to compare it with what is live, whose own source helps to tell what changed since.
   * Called once at the most.
   */
  open(live?: SourceDescription): Promise<Bundle>;
  /** Frees what `open` and reading needed. Whoever made the source closes it. */
  close(): Promise<void>;
}

/** Whether a source was read already: a bundle is a source of which everything is known. */
export function isOpened(source: Source | Bundle): source is Bundle {
  return 'entries' in source;
}
