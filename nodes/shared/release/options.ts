import type { Holder, Pinning } from '../contract/records';
import type { DependencyOptions } from '../dependencies/installOptions';
import type { BasePath, Entrypoint } from '../contract/names';
import type { FilesOf } from '../replay/replaySettings';
import type { Selection } from '../source/bundle';
import type { Check } from './checks';
import type { HandOverTimes, ServiceOptions } from './servicePolicy';
import type { StepListener } from './stepLog';
import type { SwitchMoment } from './switchMoment';
import type { WatchPolicy } from '../rollout/watchPolicy';

export { PINNINGS } from '../contract/records';

/** Which engine an operation is about, and how it takes part with others. */
export interface EngineOptions {
  /** Absolute path on the engine's side, such as `/app`. */
  basePath: BasePath;
  /** Top-level file that starts the engine; the launcher stands under its name in the base path. */
  entrypoint: Entrypoint;
  /** Seconds to wait for another operation's lock. */
  lockWaitSeconds: number;
  /** `user`, `user:group` or `uid:gid` whom new files belong to; empty for whom the base path belongs to. */
  owner?: string | undefined;
  /** Shown to others while this operation holds the lock. */
  holder: Holder;
  /** Called as each step starts and ends. */
  onStep?: StepListener | undefined;
  signal?: AbortSignal | undefined;
}

/** What is to be kept. */
export interface Retention {
  /** Releases to keep, the live, the previous and the ones in use not counted out. */
  keepReleases: number;
  keepBackups: number;
}

/** What every operation that switches releases takes. */
export interface SwitchOptions extends EngineOptions, Retention {
  checks: readonly Check[];
  createBackup: boolean;
  /** Whether backups have what is shared, too. */
  backupShared?: boolean | undefined;
  /** What is done for a service that keeps running; nothing when left out. */
  service?: ServiceOptions | undefined;
  /** What the switch waits for; nothing when left out. */
  moment?: SwitchMoment | undefined;
  /** What the item carries, for replays that take their inputs from there. */
  filesOf?: FilesOf | undefined;
  /** How a release gets its packages. A rollback takes time and credentials from it, and all else from the record. */
  dependencies: DependencyOptions;
}

/** Whether runs are started in their release, wherever they are. */
export function startsInRelease(pinning: Pinning | undefined): boolean {
  return pinning === 'release' || pinning === 'inside';
}

/** What a deployment takes. */
export interface DeployOptions extends SwitchOptions {
  selection: Selection;
  /** Makes and switches to a new release even when the content is what is live. */
  deployUnchanged: boolean;
  /** How runs of the release are pinned. */
  pinning?: Pinning | undefined;
  /** Whether adopting may leave code behind that only the plain directory has. */
  removeOldCode?: boolean | undefined;
  /** How the release is watched after its switch; not at all when left out. */
  watch?: WatchPolicy | undefined;
  /** Goes ahead only if the plan would still be the one that this digest was given for; see `planDigest.ts`. */
  planDigest?: string | undefined;
  /** Goes ahead only if the new version has this digest: the very same bytes that were deployed or tested elsewhere. */
  expectedDigest?: string | undefined;
}

/** What returning to a plain directory takes. */
export interface DetachOptions extends EngineOptions {
  /** How long extractions may go on that run releases; 0 refuses when there are any. */
  extractionWaitSeconds: number;
  /** Goes on although the engine's own interpreter lacks packages that the live release has in its environment. */
  withoutPackages: boolean;
  /** Removes backups, history and the originals of adoptions, too. */
  removeHistory: boolean;
  /** How services that `serve.py` runs go over to the plain directory. */
  handOver: HandOverTimes;
}

/** Extractions that start in the very instant of the exchange have so long to end, in seconds. */
export const LEAST_WAIT_SECONDS = 10;
