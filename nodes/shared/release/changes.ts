import type { TreeChanges } from '../contract/facts';
import type { Bundle } from '../source/bundle';

/** Paths, at most 1,000 of each kind; `counts` has the true numbers. */
export interface Changes {
  added: readonly string[];
  modified: readonly string[];
  removed: readonly string[];
  /** What the patterns leave out: all of it or, with `since`, what changed there since that commit. */
  ignored: readonly string[];
  since?: string | undefined;
  counts: { added: number; modified: number; removed: number; ignored: number };
}

/** The `changes` of an operation. */
export function changesOf(
  changes: TreeChanges | undefined,
  ignored: Bundle['ignored'] = { paths: [], count: 0 },
): Changes {
  const { paths, counts } = changes ?? {
    paths: { added: [], modified: [], removed: [] },
    counts: { added: 0, modified: 0, removed: 0 },
  };
  return {
    ...paths,
    ignored: ignored.paths,
    ...(ignored.since !== undefined && { since: ignored.since }),
    counts: { ...counts, ignored: ignored.count },
  };
}
