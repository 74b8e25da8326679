/** Sources whose version is known before their content: whether that version is what is live. */
import type { Probe } from '../contract/facts';
import type { RecordedDependencies, ReleaseRecord, SourceDescription } from '../contract/records';
import type { ReleaseId } from '../contract/names';
import type { DependencyResult } from '../dependencies/install';
import { keyed, NOTHING_WANTED, recordedOptions } from '../dependencies/wanted';
import type { ExecutorClient } from '../executor/client';
import { createSelection } from '../source/patterns';
import { type Live, missingNames, plainNames, sameSelection } from './live';
import type { DeployOptions } from './options';
import { changesOf, resultOf, type SwitchResult, type Underway } from './result';

/** The live release, found to be what a source would bring. */
export interface LiveVersion {
  release: ReleaseId;
  source: SwitchResult['source'];
  dependencies: DependencyResult;
}

/**
 * Whether deploying a version would answer `unchanged`, told without reading the source: the live release was made from
 * it, with the same patterns, entrypoint and kind of dependencies, nobody edited it, and its environment can be used.
 */
export function liveVersion(
  version: SourceDescription | undefined,
  { hello }: Pick<ExecutorClient, 'hello'>,
  probe: Probe,
  options: DeployOptions,
): LiveVersion | undefined {
  const { live, current } = probe;
  const record = live?.record;
  if (!version || !live || !record || current === null || options.deployUnchanged || options.planDigest)
    return undefined;
  const made = [record.source, record.sameContent].some((known) => known && sameVersion(known, version));
  const asked = sameSelection(record, options.selection) && record.entrypoint === options.entrypoint;
  if (!made || !asked || isDrifted(probe, options)) return undefined;
  const wanted = sameDependenciesAsked(record, options, hello);
  const { name, ailment } = live.environment;
  const needsEnvironment = wanted?.installs && wanted.mode === 'virtualEnvironment';
  if (!wanted || (needsEnvironment && (name === null || ailment !== null))) return undefined;
  return {
    release: current,
    source: { ...version, digest: record.digest ?? '' },
    dependencies: reusedDependencies({ environment: name }, wanted),
  };
}

/** The result of a deployment that had nothing to do. */
export function unchangedVersion(
  underway: Omit<Underway, 'source'>,
  { release, source, dependencies }: LiveVersion,
): SwitchResult {
  return resultOf(
    { ...underway, source },
    {
      status: 'unchanged',
      release,
      previousRelease: underway.begun.probe.previous,
      changes: changesOf(undefined),
      dependencies,
    },
  );
}

/** Writes down that a later version holds the very same, so that it needs not be read again. */
export async function rememberVersion(
  client: ExecutorClient,
  live: Pick<Live, 'release' | 'source'>,
  source: SourceDescription,
): Promise<void> {
  const known = live.source !== undefined && sameVersion(live.source, source);
  if (source.commit === undefined || known) return;
  await client.call('describe', { release: live.release, fields: { sameContent: source } });
}

/** What is said of dependencies that are there already. */
export function reusedDependencies(
  { environment }: Pick<Live, 'environment'>,
  { file, installs }: RecordedDependencies,
): DependencyResult {
  return { status: installs ? 'reused' : 'none', environment, durationMs: 0, ...(installs && { file }) };
}

function sameVersion(one: SourceDescription, other: SourceDescription): boolean {
  return (
    one.commit !== undefined &&
    one.commit === other.commit &&
    one.repository === other.repository &&
    one.subdirectory === other.subdirectory
  );
}

function isDrifted(probe: Probe, { selection }: DeployOptions): boolean {
  const { drift, extra, record } = probe.live ?? {
    drift: { modified: [], missing: [] },
    extra: [],
    record: null,
  };
  const compiled = createSelection(selection);
  const added = extra.filter((path) => compiled.includes(path));
  const plain = plainNames(probe, compiled, new Set(record?.names));
  return (
    drift.modified.length + drift.missing.length + added.length + plain.length + missingNames(probe).length >
    0
  );
}

/** The recorded dependencies, when they are what would be asked for and this interpreter is the one they are for. */
function sameDependenciesAsked(
  { dependencies = NOTHING_WANTED }: ReleaseRecord,
  { dependencies: asked }: DeployOptions,
  hello: ExecutorClient['hello'],
): RecordedDependencies | undefined {
  const same =
    dependencies.mode === asked.mode &&
    JSON.stringify(dependencies.options) === JSON.stringify(recordedOptions(asked)) &&
    keyed(dependencies, hello.python).key === dependencies.key;
  return same ? dependencies : undefined;
}
