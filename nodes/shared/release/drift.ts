import type { Probe } from '../contract/facts';
import type { CompiledSelection } from '../source/patterns';
import { enginesOwn, missingNames } from './live';

/** Deployed files that were changed by hand since, path by path. */
export interface Drift {
  readonly modified: readonly string[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

/** What differs from the record, as far as the patterns own it. */
export function driftOf(probe: Probe, { includes }: Pick<CompiledSelection, 'includes'>): Drift {
  if (!probe.live) return { modified: [], missing: [], added: [] };
  const { drift, extra, kept } = probe.live;
  const engines = enginesOwn(kept);
  return {
    modified: drift.modified,
    missing: [...missingNames(probe), ...drift.missing],
    added: extra.filter((path) => includes(path) && !engines(path)),
  };
}

/** Whether anything differs. */
export function isDrifted({ modified, missing, added }: Drift): boolean {
  return modified.length + missing.length + added.length > 0;
}
