import type { EntryRow, TreeChanges } from './contract/facts';
import type { RecordedDependencies, SourceDescription } from './contract/records';
import type { DependencyRequest } from './dependencies/install';
import { NO_DEPENDENCIES } from './dependencies/options';
import { filesOfRelease } from './dependencies/texts';
import { keyed, NOTHING_WANTED, wantedDependencies } from './dependencies/wanted';
import { DeployError } from './errors';
import type { ExecutorClient } from './executor/client';
import { begin, type Begun, foundIn } from './release/begin';
import type { CheckResult } from './release/checks';
import { type BasePath, type Entrypoint, parseReleaseId, type ReleaseId } from './contract/names';
import { releaseTime } from './release/layout';
import { ownership } from './release/live';
import type { SwitchOptions } from './release/options';
import { stopped, type Stopped } from './release/outcome';
import { changesOf, resultOf, type SwitchResult, swapOf } from './release/result';
import { StepLog } from './release/steps';
import { switchTo } from './release/swap';
import { createSelection } from './source/patterns';

/** Where to go back to. `previous` is what was live before: rolling back twice goes forth and back. */
export type RollbackTarget =
  { target: 'previous' } | { target: 'release'; release: string } | { target: 'backup'; backup: string };

/** A release to switch to, and what the output says about it. */
interface Destination {
  release: ReleaseId;
  entrypoint: Entrypoint;
  source: SourceDescription & { digest: string };
  /** What it needs to run. An environment that it has and that can be used stays. */
  wanted: RecordedDependencies;
  /** What it changes, where that is known already: a backup's, once its release has been made. */
  changes?: Promise<TreeChanges>;
}

/**
 * Makes an earlier release, or the content of a backup, the live one, through the same switch as a deployment.
 *
 * @throws DeployError when it did not go live; the message says why and what is live now
 */
export async function rollBack(
  client: ExecutorClient,
  target: RollbackTarget,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const log = new StepLog(options.onStep);
  const checks: CheckResult[] = [];
  const facts: Stopped = { operation: 'rollback', basePath: options.basePath, checks, log };
  try {
    const begun = await begin(client, options, false, log);
    const before = begun.probe.current;
    facts.before = before;
    facts.known = { previousRelease: before, ...foundIn(begun) };
    const destination = await findDestination(client, target, begun, options, log);
    facts.attempted = destination.release;
    facts.known = { ...facts.known, source: destination.source };
    const { release, entrypoint, source } = destination;
    const underway = { client, basePath: options.basePath, begun, source, checks, log };
    if (release === before) {
      return resultOf(underway, { status: 'unchanged', release, previousRelease: begun.probe.previous });
    }

    const changing = destination.changes ?? compare(client, options.basePath, release, before);
    noteChanges(facts, changing);
    const request = {
      release,
      operation: 'rollback',
      entrypoint,
      dependencies: dependenciesOf(destination, begun, options),
      checks: options.checks,
      log,
      results: checks,
    };
    const [changes, { milliseconds, dependencies }] = await Promise.all([
      changing,
      switchTo(client, request),
    ]);
    return resultOf(underway, {
      status: 'rolledBack',
      release,
      previousRelease: before,
      changes: changesOf(changes),
      dependencies,
      swap: swapOf(undefined, 0, milliseconds),
    });
  } catch (error) {
    throw await stopped(error, client, facts);
  }
}

function dependenciesOf(
  { wanted }: Destination,
  { probe }: Begun,
  { dependencies: options }: SwitchOptions,
): DependencyRequest {
  const liveHasPackages = Boolean(probe.live?.environment.name);
  return { wanted, options, live: probe.current, liveHasPackages, keep: true };
}

/** What a rollback that does not go live would have changed, if that is known by then. */
function noteChanges(facts: Stopped, changing: Promise<TreeChanges | undefined>): void {
  const note = (changes?: TreeChanges) => {
    facts.known = { ...facts.known, changes: changesOf(changes) };
  };
  changing.then(note, () => undefined);
}

async function compare(
  client: ExecutorClient,
  basePath: BasePath,
  release: ReleaseId,
  before: ReleaseId | null,
): Promise<TreeChanges | undefined> {
  return (await client.call('compareReleases', { basePath, release, against: before })).changes;
}

async function findDestination(
  client: ExecutorClient,
  target: RollbackTarget,
  begun: Begun,
  options: SwitchOptions,
  log: StepLog,
): Promise<Destination> {
  if (target.target === 'backup') {
    return log.run('unpack', () => fromBackup(client, target.backup, begun, options));
  }
  const wanted = target.target === 'release' ? target.release : undefined;
  return keptRelease(client, wanted, begun, options);
}

/** A release that is kept on the engine's side; without an id, the one that was live before. */
function keptRelease(
  client: ExecutorClient,
  wanted: string | undefined,
  { listed }: Begun,
  options: SwitchOptions,
): Destination {
  const release = wanted === undefined ? listed.previous : parseReleaseId(wanted);
  if (release === null) {
    throw new DeployError(
      'NOT_FOUND',
      `There is no release before the live one in ${options.basePath} to go back to.`,
      {
        description: 'Choose a release or a backup from the list instead.',
      },
    );
  }
  const record = listed.releases.find((known) => known.release === release);
  if (!record) {
    throw new DeployError('NOT_FOUND', `Release ${release} is not kept in ${options.basePath} any more.`, {
      description: 'Choose another one, or a backup; Get Many Releases shows which are kept.',
    });
  }
  return {
    release,
    entrypoint: record.entrypoint ?? options.entrypoint,
    source: { ...record.source, digest: record.digest ?? '' },
    wanted: keyed(record.dependencies ?? NOTHING_WANTED, client.hello.python),
  };
}

/**
 * Turns a backup's content into a release of its own, which goes through the same checks as any other.
 *
 * What the live release's patterns don't own comes back as it was archived and stays nobody's.
 */
async function fromBackup(
  client: ExecutorClient,
  backup: string,
  { probe, listed }: Begun,
  options: SwitchOptions,
): Promise<Destination> {
  const unpacked = await client.call('unpack', { time: releaseTime(), live: probe.current, backup });
  const rows = unpacked.entries;
  const live = listed.releases.find((known) => known.release === probe.current);
  const { entrypoint = options.entrypoint, include, exclude } = live ?? {};
  refuseForeignNames(rows, probe.names, backup);
  refuseWithoutEntrypoint(rows, entrypoint, backup);
  const selection = include ? createSelection({ include, exclude: exclude ?? [] }) : { includes: () => true };
  const { digest, keep } = ownership(rows, selection);
  const source: SourceDescription = { type: 'backup', reference: backup };
  const dependencies = await wantedDependencies(
    filesOfRelease(client, options.basePath, unpacked.release, rows),
    { ...NO_DEPENDENCIES, ...live?.dependencies?.options, mode: live?.dependencies?.mode ?? 'none' },
    client.hello.python,
  );
  const record = { sequence: probe.sequence, source, digest, entrypoint, include, exclude, dependencies };
  const assembled = client.call('assemble', { encoding: 'identity', record, kept: keep });
  return {
    release: unpacked.release,
    entrypoint,
    source: { ...source, digest },
    wanted: dependencies,
    changes: assembled.then(() => unpacked.changes),
  };
}

/** Without it the launcher would have nothing to start. */
function refuseWithoutEntrypoint(rows: readonly EntryRow[], entrypoint: Entrypoint, backup: string): void {
  if (rows.some(([path]) => path === entrypoint)) return;
  throw new DeployError('INPUT', `Backup ${backup} has no ${entrypoint} at its top, so it can't go live.`, {
    description: `Choose another backup, or pack it again so that ${entrypoint} lies at its top.`,
  });
}

/** An archive must not take over files of the base path that were never deployed. */
function refuseForeignNames(rows: readonly EntryRow[], names: Begun['probe']['names'], backup: string): void {
  const unpacked = new Set(rows.map(([path]) => path.split('/', 1)[0]));
  const foreign = names.find(
    ({ name, type }) => unpacked.has(name) && type !== 'link' && type !== 'launcher',
  );
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
