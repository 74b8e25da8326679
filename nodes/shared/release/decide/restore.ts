import type { ListedRelease, Listing } from '../../contract/facts';
import { keyed, NOTHING_WANTED } from '../../dependencies/wanted';
import type { SwitchOptions } from '../options';
import type { Side } from '../snapshot';
import { providing } from './providing';
import type { Plan } from '../steps';
import type { ServiceSwitching } from './services';
import { switching } from './switching';

/**
 * Releases that may be made live again, the best first: those that were live, the last first; where no history tells, all
 * that ever passed their checks.
 */
export function restorable({ wereLive, releases }: Listing): ListedRelease[] {
  if (wereLive.length === 0) return releases.filter(({ state }) => state === 'ready');
  const known = new Map(releases.map((record) => [record.release, record]));
  return wereLive.flatMap((id) => known.get(id) ?? []);
}

/** Decides how a release is made live again where nothing is that should be. */
export function decideRestore(
  side: Side,
  { release, entrypoint, dependencies }: ListedRelease,
  options: Pick<SwitchOptions, 'entrypoint' | 'checks'>,
  services: ServiceSwitching,
): Plan {
  const wanted = keyed(dependencies ?? NOTHING_WANTED, side.python);
  const provide = providing({ release, wanted, live: null, liveHasPackages: false, keep: true });
  return {
    steps: switching({
      release,
      operation: 'repair',
      entrypoint: entrypoint ?? options.entrypoint,
      checks: options.checks,
      provide,
      aside: true,
      ...services,
    }),
  };
}
