import type { Listing, Probe } from '../contract/facts';
import type { Hello } from '../contract/messages';
import type { Rollout } from '../contract/rolloutFacts';
import type { BasePath, ReleaseId } from '../contract/names';
import type { Finding } from './meanings';
import type { Place } from './place';

/** Who answers on the engine's side, and where that is. */
export interface Side extends Place {
  /** As messages name the machine. */
  readonly machine: string;
  readonly basePath: BasePath;
  readonly user: string;
  readonly python: Hello['python'];
}

/** All that is known of an engine at one moment. */
export interface Snapshot {
  readonly side: Side;
  readonly probe: Probe;
  readonly listed: Listing;
  /** How an earlier, interrupted switch was decided on, if there was one. */
  readonly settled?: Settled | undefined;
  /** A release that nobody watched any more, and that was decided on. */
  readonly settledRollout?: Rollout | undefined;
  /** What was put right before anything else; empty where all was well. */
  readonly repaired: readonly Finding[];
}

/** How an interrupted switch was decided on. */
export interface Settled {
  release: ReleaseId;
  outcome: 'confirmed' | 'reverted';
  /** The check that did not pass, when it was reverted for that. */
  check?: string;
}

/** What a snapshot found, under the names that a result has for it. */
export function foundIn({ probe, settled, repaired }: Snapshot) {
  return {
    releasesInUse: probe.releasesInUse,
    ...(settled && { settled }),
    ...(repaired.length > 0 && { repaired }),
  };
}
