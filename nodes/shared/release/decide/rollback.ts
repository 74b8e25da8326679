import { type Entrypoint, entrypointNames, parseReleaseId, type ReleaseId } from '../../contract/names';
import type { RecordedDependencies, SourceDescription } from '../../contract/records';
import { keyed, NOTHING_WANTED } from '../../dependencies/wanted';
import { DeployError } from '../../errors';
import type { CompiledSelection } from '../../source/patterns';
import { recordedSelection } from '../recordedSelection';
import type { SwitchOptions } from '../options';
import type { Snapshot } from '../snapshot';
import type { UnpackedTree } from '../unpacked';
import { providing } from './providing';
import type { Plan, Step } from '../steps';
import { catchingUp } from './services';
import { switching } from './switching';

/** Where to go back to. `previous` is what was live before: rolling back twice leads back to where it began. */
export type RollbackTarget =
  { target: 'previous' } | { target: 'release'; release: string } | { target: 'backup'; backup: string };

/** A release to switch to, and what the output says about it. */
export interface Destination {
  readonly release: ReleaseId;
  readonly entrypoint: Entrypoint;
  readonly source: SourceDescription & { digest: string };
  /** What it needs to run. An environment that it has and that can be used stays. */
  readonly wanted: RecordedDependencies;
  /** How it is made, where it is a backup's. */
  readonly made: readonly Step[];
}

/** What a rollback will do. */
export interface RollbackPlan extends Plan {
  readonly unchanged: boolean;
  readonly destination: Destination;
}

/** Decides what going back to a destination will do. */
export function decideRollback(
  { probe }: Snapshot,
  destination: Destination,
  { checks, service, entrypoint: asked, moment }: SwitchOptions,
): RollbackPlan {
  const { release, entrypoint, wanted, made } = destination;
  const before = probe.current;
  const running = probe.services;
  if (release === before) {
    const steps = catchingUp(release, { checks, entrypoint: asked }, { service, running });
    return { unchanged: true, destination, steps };
  }
  const liveHasPackages = Boolean(probe.live?.environment.name);
  const provide = providing({ release, wanted, live: before, liveHasPackages, keep: true });
  return {
    unchanged: false,
    destination,
    steps: [
      ...made,
      ...(made.length > 0 ? [] : [{ step: 'compareReleases', release, against: before } as const]),
      ...switching({
        release,
        operation: 'rollback',
        entrypoint,
        checks,
        provide,
        live: before,
        service,
        running,
        moment,
      }),
    ],
  };
}

/**
 * A release that is kept on the engine's side; without a name, the one that was live before.
 *
 * @throws DeployError `NOT_FOUND` when there is none, `INPUT` for what is no release's id
 */
export function keptDestination(
  { side, listed }: Snapshot,
  wanted: string | undefined,
  { basePath, entrypoint }: SwitchOptions,
): Destination {
  const release = wanted === undefined ? listed.previous : parseReleaseId(wanted);
  if (release === null) {
    throw new DeployError(
      'NOT_FOUND',
      `There is no release before the live one in ${basePath} to go back to.`,
      {
        description: 'Choose a release or a backup from the list instead.',
      },
    );
  }
  const record = listed.releases.find((known) => known.release === release);
  if (!record) {
    throw new DeployError('NOT_FOUND', `Release ${release} is not kept in ${basePath} any more.`, {
      description: 'Choose another one, or a backup; Get Many Releases shows which are kept.',
    });
  }
  return {
    release,
    entrypoint: record.entrypoint ?? entrypoint,
    source: { ...record.source, digest: record.digest ?? '' },
    wanted: keyed(record.dependencies ?? NOTHING_WANTED, side.python),
    made: [],
  };
}

/** A backup that was unpacked, and what is needed of its packages. */
export interface Unpacked {
  readonly backup: string;
  readonly release: ReleaseId;
  readonly tree: UnpackedTree;
  readonly wanted: RecordedDependencies;
}

/**
 * The content of a backup, as a release of its own that goes through the same checks as any other. What the live
 * release's patterns don't own comes back as it was archived and stays nobody's.
 */
export function unpackedDestination(
  { probe, listed }: Snapshot,
  { backup, release, tree, wanted }: Unpacked,
  options: SwitchOptions,
): Destination {
  const live = listed.releases.find((known) => known.release === probe.current);
  const {
    entrypoint = options.entrypoint,
    include,
    exclude,
    shared,
    sharedPaths,
    folders,
    spared,
  } = live ?? {};
  const { digest, keep } = tree.ownership.result();
  const source: SourceDescription = { type: 'backup', reference: backup };
  const record = {
    sequence: probe.sequence,
    source,
    digest,
    entrypoint,
    include,
    exclude,
    shared,
    sharedPaths,
    folders,
    spared,
    dependencies: wanted,
  };
  return {
    release,
    entrypoint,
    source: { ...source, digest },
    wanted,
    made: [{ step: 'place', record, kept: keep }],
  };
}

/** What decides which of a backup's files are the deployment's: the live release's patterns, or all of them are. */
export function selectionOfLive({ probe, listed }: Snapshot): Pick<CompiledSelection, 'includes'> {
  const live = listed.releases.find((known) => known.release === probe.current);
  return recordedSelection(live);
}

/** The names at the top of a backup that `refuseUnusable` asks for. */
export function namesAskedFor({ probe, listed }: Snapshot, options: SwitchOptions): string[] {
  const live = listed.releases.find((known) => known.release === probe.current);
  const starting = entrypointNames(live?.entrypoint ?? options.entrypoint);
  return [...probe.names.map(({ name }) => name), ...starting];
}

/**
 * Refuses a backup that could not go live here.
 *
 * @throws DeployError `INPUT` where it would take over files that were never deployed, or has nothing to start
 */
export function refuseUnusable(
  { probe, listed }: Snapshot,
  tree: UnpackedTree,
  backup: string,
  options: SwitchOptions,
): void {
  const live = listed.releases.find((known) => known.release === probe.current);
  refuseForeignNames(tree, probe.names, backup);
  refuseWithoutEntrypoint(tree, live?.entrypoint ?? options.entrypoint, backup);
}

/** Without it the launcher would have nothing to start. */
function refuseWithoutEntrypoint(tree: UnpackedTree, entrypoint: Entrypoint, backup: string): void {
  const missing = entrypointNames(entrypoint).find((name) => !tree.has(name));
  if (missing === undefined) return;
  throw new DeployError('INPUT', `Backup ${backup} has no ${missing}, so it can't go live.`, {
    description: `Choose another backup, or pack it again so that it lies there.`,
  });
}

/** An archive must not take over files of the base path that were never deployed. */
function refuseForeignNames(tree: UnpackedTree, names: Snapshot['probe']['names'], backup: string): void {
  const foreign = names.find(({ name, type }) => tree.has(name) && type !== 'link' && type !== 'launcher');
  if (!foreign) return;
  throw new DeployError(
    'INPUT',
    `Backup ${backup} holds “${foreign.name}”, which lies in the base path and is not deployed.`,
    {
      description:
        'Deploy once with patterns that include it, so that it becomes part of a release, then roll back.',
    },
  );
}
