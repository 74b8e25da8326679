import type { DetachOptions } from '../../nodes/shared/release/options';

/** Returns to a plain directory at once, or not at all. In a file of its own: deciders are tested without processes. */
export const DETACHING: Pick<
  DetachOptions,
  'extractionWaitSeconds' | 'withoutPackages' | 'removeHistory' | 'handOver'
> = {
  extractionWaitSeconds: 0,
  withoutPackages: false,
  removeHistory: false,
  handOver: { readySeconds: 20, drainSeconds: 10, keepOldSeconds: 0 },
};
