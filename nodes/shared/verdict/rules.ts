import type { Limit } from './fraction';

/** When a verdict is given, as data: what decides on the engine's side gets the same numbers. */
export interface Rule {
  /** With fewer runs of the candidate it is never good. */
  readonly minimumRuns: number;
  /** With so many, it is decided one way or another: looking for ever finds something in the end. */
  readonly mostRuns: number;
  /** Against a control of so many runs at least: so many failures, as unlikely as this by chance. */
  readonly abort: { readonly failures: number; readonly controlRuns: number; readonly p: Limit };
  /** Good with failures, too, where so many fall upon the candidate more often than this by chance. */
  readonly promote: { readonly p: Limit };
  /** Without a control: so many failures, and such a share of all runs; null for none. */
  readonly alone: { readonly failures: number; readonly share: Limit } | null;
}

const ABORT: Rule['abort'] = { failures: 2, controlRuns: 5, p: [1, 100] };
const PROMOTE: Rule['promote'] = { p: [1, 5] };
const LOOKS = 3;

/** A share of the runs gets the candidate, and the others are its control. */
export function canaryRule(minimumRuns: number): Rule {
  return { minimumRuns, mostRuns: LOOKS * minimumRuns, abort: ABORT, promote: PROMOTE, alone: null };
}

/** All runs get the candidate; the control is what ran before, where anything did. */
export function watchRule(minimumRuns: number): Rule {
  return { ...canaryRule(minimumRuns), alone: { failures: 3, share: [1, 2] } };
}
