/** How the engines of a test are pinned that is run once for each way. */
import type { Pinning } from '../../nodes/shared/contract/records';

let way: Pinning = 'auto';

/** Has those be pinned in this way that are deployed from here on. To be called before the test is imported. */
export function deployPinned(wanted: Pinning): void {
  way = wanted;
}

/** What a deployment is given for it. */
export function wantedPinning(): { pinning: Pinning } {
  return { pinning: way };
}
