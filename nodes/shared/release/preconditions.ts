/** What has to hold of a new version before the engine is changed. */
import type { Probe } from '../contract/facts';
import { type Entrypoint, entrypointNames } from '../contract/names';
import { DeployError } from '../errors';
import type { SwitchOptions } from './options';
import type { PreflightFinding } from './preflight';
import type { Snapshot } from './snapshot';
import type { Bundle, Selection } from '../source/bundle';
import { refuseOverlap } from '../source/overlap';
import { isOpened, type Source } from '../source/source';
import { refuseMergedNames } from '../source/paths';
import { createSelection } from '../source/patterns';
import { refuseReservedNames } from '../source/reserved';

/** Refuses what can't be done for a service from where the engine's side is, before anything is changed. */
export function refuseUnreachableService(
  { side: { container }, probe }: Pick<Snapshot, 'side' | 'probe'>,
  { basePath, service }: Pick<SwitchOptions, 'basePath' | 'service'>,
): void {
  if (service?.method === 'handOver' && (probe.services ?? []).length === 0) {
    throw new DeployError('INPUT', `Service is Hand Over, and no serve.py answers in ${basePath}.`, {
      description: `Start the service by python3 ${basePath}/.hot-deploy/serve.py --listen HOST:PORT -- COMMAND, or choose Automatic: until it is started so, nothing is done for it.`,
    });
  }
  const by = service?.method === 'reload' ? service.reload.by : undefined;
  if (container !== undefined && (by === 'container' || by === 'unit')) {
    throw new DeployError(
      'INPUT',
      `Reload By is ${by === 'unit' ? 'Systemd Unit' : 'Container Restart'}, and steps are carried out inside the container ${container}, where that can't be done.`,
      {
        description:
          'Choose Host for Runtime and name the base path as that host sees it, or choose Signal to PID File or Command.',
      },
    );
  }
}

/** Refuses a bundle whose names this place would take for one another. */
async function refuseClashingNames(bundle: Bundle, probe: Probe): Promise<void> {
  if (!probe.filesystem.mergesNames) return;
  await refuseMergedNames(bundle.entries);
  refuseReservedNames(bundle.entries, true);
}

/** Refuses a bundle that can't be deployed to this base path, whatever is live there, before anything is sent. */
export async function refuseUnusableHere(
  bundle: Bundle,
  probe: Probe,
  { selection, entrypoint }: { selection: Selection; entrypoint: Entrypoint },
): Promise<void> {
  await refuseClashingNames(bundle, probe);
  refuseLosingLaunchers(bundle, probe, entrypoint);
  await refuseOverlap(bundle, probe, createSelection(selection));
}

/** Refuses to take away the launchers of start scripts that are still there: nobody means to lose what pins runs. */
function refuseLosingLaunchers({ entries }: Bundle, { live }: Probe, entrypoint: Entrypoint): void {
  const recorded = live?.record?.entrypoint;
  if (entrypoint !== '' || !recorded) return;
  const there = new Set(entries.map(({ path }) => path));
  const name = entrypointNames(recorded).find((each) => there.has(each));
  if (name === undefined) return;
  throw new DeployError(
    'INPUT',
    `Entrypoint is empty, and the new version still has ${name}, which starts the live release.`,
    {
      description: `Name ${recorded} in Entrypoint: without it, runs would no longer be pinned to one release.`,
    },
  );
}

/** Refuses a bundle that has nothing to start, before the engine's side is touched at all. */
export function refuseWithoutEntrypoint(bundle: Bundle, entrypoint: Entrypoint): void {
  const programs = new Set(bundle.entries.filter(({ type }) => type !== 'directory').map(({ path }) => path));
  const missing = entrypointNames(entrypoint).find((name) => !programs.has(name));
  if (missing === undefined) return;
  const alike = [...programs].find((path) => path.toLowerCase() === missing.toLowerCase());
  if (alike !== undefined) {
    throw new DeployError('INPUT', `The source has no ${missing}; it has ${alike}.`, {
      description:
        'On Linux, upper and lower case are different names, other than on Windows and Macs. Write it alike in Entrypoint, in Include and in the source.',
    });
  }
  throw new DeployError('INPUT', `The source has no ${missing} that the patterns include.`, {
    description:
      `Extractions are started through ${missing}. Name the engine’s own file in Entrypoint and in Include, ` +
      'or choose the directory that holds it.',
  });
}

/**
 * Refuses a version that is not the one that was tested elsewhere.
 *
 * @param digest   the version's `source.digest`
 * @param expected that of the one that was tested; without it every version is right
 */
export function refuseUnexpected(digest: string, expected: string | undefined): void {
  if (expected === undefined || expected === digest) return;
  throw new DeployError('INPUT', `The new version is ${digest}, and Expected Digest is ${expected}.`, {
    description:
      'Another commit, other patterns or another file: give both deployments the same source and patterns, then test and deploy again.',
  });
}

/**
 * Refuses what can't be kept true, before anything is touched.
 *
 * @throws DeployError `STEP` with the first of it, and all findings in its details
 */
export function refuseFindings(findings: readonly PreflightFinding[]): void {
  const refused = findings.filter(({ severity }) => severity === 'refused');
  const [first, ...more] = refused;
  if (!first) return;
  const others = more.length === 0 ? '' : ` And ${more.length} more: see findings in the details.`;
  throw new DeployError('STEP', `${first.sentence}${others}`, { details: { findings } });
}

/** Refuses to pin in place, which was asked for, where runs of this user could then not be started at all. */
export function refuseUnpinnable({ pinning }: Probe): void {
  if (pinning?.why !== 'forbidden') return;
  throw new DeployError(
    'STEP',
    'Pinning is “In Place”, and the kernel or the container’s profile forbids that here.',
    {
      description:
        'Choose another Pinning, which takes what can be had, or allow it: see docs/how-to/pin-in-place-in-docker.md.',
      details: { pinning },
    },
  );
}

/** Reads a source as far as it has to be compared with what is live. */
export async function readSource(
  offered: Source | Bundle,
  { live }: Probe,
  { entrypoint }: { entrypoint: Entrypoint },
): Promise<Bundle> {
  if (isOpened(offered)) return offered;
  const bundle = await offered.open(live?.record?.sameContent ?? live?.record?.source);
  refuseWithoutEntrypoint(bundle, entrypoint);
  return bundle;
}
