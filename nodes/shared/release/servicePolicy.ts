/** What a switch does to a service that keeps running, as it was asked for. */
import type { ReloadAction } from '../contract/serviceVerbs';

export { SIGNALS, UNIT_ACTIONS } from '../contract/serviceVerbs';
export type { ReloadAction } from '../contract/serviceVerbs';

/** How the new version of a service is started beside the old one. */
export interface HandOverTimes {
  /** Seconds until it has to be ready. */
  readonly readySeconds: number;
  /** Seconds that the old one has to finish what is in progress. */
  readonly drainSeconds: number;
  /** Seconds that the old one is kept besides, so that the way back takes no start. */
  readonly keepOldSeconds: number;
}

/**
 * - `auto`: handed over where `serve.py` runs it, else none
 * - `none`: nothing is done for a service
 * - `reload`: it is told to load what is live
 * - `handOver`: as `auto`, and refused where no `serve.py` runs
 */
export type ServiceOptions =
  | { readonly method: 'none' }
  | { readonly method: 'reload'; readonly reload: ReloadAction }
  | ({ readonly method: 'auto' | 'handOver' } & HandOverTimes);

/** What a switch did for a service. */
export interface ServiceResult {
  readonly method: 'reload' | 'handOver';
  /** Milliseconds that it took to start the new version aside, for a hand-over. */
  readonly readyMs?: number;
  /** Milliseconds that telling it took, or moving connections over. */
  readonly milliseconds: number;
  /** Longest time without anybody who took a connection, as measured meanwhile; absent where it was not. */
  readonly gapMs?: number;
}
