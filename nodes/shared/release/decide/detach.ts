import { DeployError } from '../../errors';
import { type DetachOptions, LEAST_WAIT_SECONDS } from '../options';
import type { Snapshot } from '../snapshot';
import type { Plan } from '../steps';
import { stillRunning } from '../stillRunning';
import { leavingReleases } from './services';

/** What the engine needs from its own interpreter then, and what of it is not there as it was. */
export interface NeededPackages {
  readonly needed: ReadonlyArray<{ name: string; version: string }>;
  readonly missing: ReadonlyArray<{ name: string; version: string; found: string | null }>;
}

/** For a server that has answered what was in progress to end, or to be ended. */
const SERVICE_END_SECONDS = 15;

/** As many packages as a message names. */
const SHOWN = 10;

/**
 * Decides how links and launcher become what they lead to.
 *
 * @throws DeployError `DEPENDENCIES` when packages would be missing, `LOCKED` while extractions run releases
 */
export function decideDetachment(
  { side, probe }: Snapshot,
  packages: NeededPackages,
  options: DetachOptions,
): Plan {
  const { entrypoint, extractionWaitSeconds, removeHistory } = options;
  const dismantle = { step: 'dismantle', everything: removeHistory } as const;
  if (probe.current === null) return { steps: [dismantle] };
  if (!options.withoutPackages) refuseMissing(packages, side.python.executable);
  const serving = leavingReleases(probe.services, options.handOver);
  // A service's own processes are among those that run releases: they are gone once it has been handed over.
  if (extractionWaitSeconds === 0 && probe.releasesInUse.length > 0 && serving.length === 0) {
    const running = probe.releasesInUse.map(({ release, processes }) => `${release} (${processes})`);
    throw stillRunning(running.join(', '));
  }
  const detach = {
    step: 'detach',
    entrypoint,
    waitSeconds: Math.max(extractionWaitSeconds, LEAST_WAIT_SECONDS),
  } as const;
  if (serving.length === 0) return { steps: [detach, dismantle] };
  const waitSeconds = detach.waitSeconds + options.handOver.drainSeconds + SERVICE_END_SECONDS;
  const servedBefore = { release: probe.current, times: options.handOver };
  return { steps: [...serving, { ...detach, waitSeconds, servedBefore }, dismantle] };
}

function refuseMissing({ needed, missing }: NeededPackages, executable: string): void {
  if (missing.length === 0) return;
  const shown = missing.slice(0, SHOWN).map(({ name, version }) => `${name}==${version}`);
  const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : '';
  throw new DeployError(
    'DEPENDENCIES',
    `A plain engine would run with ${executable}, which does not have: ${shown.join(', ')}${more}.`,
    {
      description:
        'Install them into that interpreter first, or switch on “Go On Without Packages” when the engine is started with another one.',
      details: { packages: { needed, missing } },
    },
  );
}
