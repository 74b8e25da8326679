import type { ReleaseRecord } from '../contract/records';
import type { Selection } from '../source/bundle';
import type { Meter } from '../source/meter';
import { type CompiledSelection, createSelection } from '../source/patterns';

/** How much is done with patterns that a host says it has recorded, in states that are gone through. */
const MOST = 500_000;
/** How long they may be together, in characters; a range counts for all that it may stand for. */
const LONGEST = 100_000;
const RANGE = 4_000;

/**
 * What a release's recorded patterns select. They come from the engine's host: where they can't be patterns, or take more
 * work than honest ones, all that they are asked about counts as selected, as where nothing was recorded.
 */
export function recordedSelection(
  record: Pick<ReleaseRecord, 'include' | 'exclude' | 'shared'> | undefined,
): Pick<CompiledSelection, 'includes'> {
  const { include, exclude = [], shared = [] } = record ?? {};
  const meter: Meter = { left: MOST };
  const compiled = include && compiledOf({ include, exclude, shared }, meter);
  const isSpent = () => meter.left < 0;
  return {
    includes: (path) => !compiled || isSpent() || compiled.includes(path) || isSpent(),
  };
}

function compiledOf(selection: Selection, meter: Meter): CompiledSelection | undefined {
  const lengths = [...selection.include, ...selection.exclude, ...(selection.shared ?? [])].map(
    (each) => each.length + (each.includes('..') ? RANGE : 0),
  );
  if (lengths.reduce((sum, length) => sum + length, 0) > LONGEST) return undefined;
  try {
    return createSelection(selection, meter);
  } catch {
    return undefined;
  }
}
