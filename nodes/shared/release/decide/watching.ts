import type { ReleaseId } from '../../contract/names';
import type { Probe } from '../../contract/facts';
import { checksFor, isGuarded } from '../checks';
import type { DeployOptions } from '../options';
import type { Subject, WatchRelease } from '../steps';
import { decideService } from './services';

/**
 * Has the new release watched, where that was asked for and there is one to go back to: the one that was confirmed last, and
 * never one that is still being watched itself.
 */
export function watching(
  before: Subject | null,
  { rollout, services: running }: Pick<Probe, 'rollout' | 'services'>,
  { watch, checks, entrypoint, service }: DeployOptions,
): WatchRelease[] {
  if (watch === undefined || before === null) return [];
  const serving = decideService('new', { checks, entrypoint }, { service, running });
  const [prepare] = serving.before;
  const [switchService] = serving.after;
  return [
    {
      step: 'watch',
      release: 'new',
      fallback: confirmedBefore(before, rollout),
      entrypoint,
      policy: watch,
      checks: checksFor('after', checks).filter(isGuarded),
      ...(prepare?.step === 'prepareService' && { prepare: timesOf(prepare) }),
      ...(switchService && { switchService }),
    },
  ];
}

function confirmedBefore(before: Subject, rollout: Probe['rollout']): Subject | ReleaseId {
  return rollout?.state === 'watching' && rollout.release === before ? rollout.fallback : before;
}

function timesOf({ readySeconds, drainSeconds, keepOldSeconds }: NonNullable<WatchRelease['prepare']>) {
  return { readySeconds, drainSeconds, keepOldSeconds };
}
