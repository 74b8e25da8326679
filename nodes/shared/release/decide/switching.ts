import type { Entrypoint, ReleaseId } from '../../contract/names';
import { type Check, checksFor, replaysOf } from '../checks';
import type { Provide, Step, Subject } from '../steps';
import type { SwitchMoment } from '../switchMoment';
import { waitingForMoment } from './moment';
import { decideService, type ServiceSwitching } from './services';

/** What a switch is about. */
export interface Switching extends Partial<ServiceSwitching> {
  readonly release: Subject;
  readonly operation: string;
  readonly entrypoint: Entrypoint;
  readonly checks: readonly Check[];
  /** What the release needs to run; undefined where there is nothing to do about it. */
  readonly provide: Provide | undefined;
  readonly aside?: boolean;
  /** What answers until the switch; null for plain files, and left out where nothing is there to compare with. */
  readonly live?: ReleaseId | null;
  /** Whether plain files become a release with it: what they hold, first. */
  readonly adopts?: boolean;
  /** Paths of what is live that are shared from now on. */
  readonly share?: readonly string[];
  /** What it waits for. */
  readonly moment?: SwitchMoment | undefined;
}

/** How long a first deployment waits for extractions that were started before the adoption, in seconds. */
const DRAIN_SECONDS = 10;

/**
 * The one way to switch: dependencies, checks before, replays, adoption, a service's new version, the moment that is waited for, flip,
 * hand-over or reload, checks after, confirm. An adoption is the first part of a switch, so that the moment comes before it. All up to the checks after the flip is sent at once; whatever does not pass keeps the rest from being
 * carried out.
 */
export function switching({
  release,
  operation,
  entrypoint,
  checks,
  provide,
  live,
  aside = false,
  adopts = false,
  share = [],
  service,
  running,
  moment,
}: Switching): Step[] {
  const serving = decideService(release, { checks, entrypoint }, { service, running });
  const waiting = waitingForMoment(moment);
  return [
    ...(provide ? [provide] : []),
    { step: 'check', release, phase: 'before', checks: checksFor('before', checks), entrypoint },
    ...replaying({ release, live, checks, entrypoint }),
    { step: 'describe', release, fields: { state: 'ready' } },
    ...(adopts
      ? ([
          ...waiting,
          { step: 'adopt', entrypoint },
          { step: 'drain', entrypoint, seconds: DRAIN_SECONDS },
        ] as const)
      : []),
    ...serving.before,
    ...(adopts ? [] : waiting),
    { step: 'flip', release, operation, entrypoint, aside, ...(share.length > 0 && { share }) },
    ...serving.after,
    { step: 'check', release, phase: 'after', checks: checksFor('after', checks), entrypoint },
    { step: 'confirm' },
  ];
}

/** Inputs that are replayed against what answers until then. */
function replaying({
  release,
  live,
  checks,
  entrypoint,
}: Pick<Switching, 'release' | 'checks' | 'entrypoint'> & {
  live: Switching['live'] | undefined;
}): Step[] {
  if (live === undefined) return [];
  return replaysOf(checks).map((check) => ({ step: 'replayInputs', release, live, check, entrypoint }));
}
