import type { Bundle, BundleEntry } from '../source/bundle';

/** What can be sent of a bundle, and how it was compared: `needed` are indexes of `entries`. */
export interface Content {
  readonly bundle: Bundle;
  readonly entries: readonly BundleEntry[];
  readonly needed: readonly number[];
}
