/** Sources whose version is known before their content: whether that version is what is live. */
import { createSelection } from '../../source/patterns';
import type { RecordedDependencies, ReleaseRecord, SourceDescription } from '../../contract/records';
import { keyed, NOTHING_WANTED, recordedOptions } from '../../dependencies/wanted';
import { changesOf } from '../changes';
import { driftOf, isDrifted } from '../drift';
import { plainNames, sameSelection } from '../live';
import type { DeployOptions } from '../options';
import type { Snapshot } from '../snapshot';
import { isPinnedAs } from '../version';
import { type DeploymentPlan, sameVersion } from './deploy';
import { catchingUp } from './services';

/**
 * The plan to do nothing, where that can be told without reading the source: the live release was made from its version,
 * with the same patterns, entrypoint and kind of dependencies, nobody edited it, and its environment can be used.
 */
export function decideUnread(
  snapshot: Snapshot,
  version: SourceDescription | undefined,
  options: DeployOptions,
): DeploymentPlan | undefined {
  const { live, current } = snapshot.probe;
  const record = live?.record;
  if (!version || !live || !record || current === null || options.deployUnchanged || options.planDigest)
    return undefined;
  const made = [record.source, record.sameContent].some((known) => known && sameVersion(known, version));
  const asked = sameSelection(record, options.selection) && record.entrypoint === options.entrypoint;
  if (!made || !asked || !isPinnedAs(snapshot.probe, options) || wasTouched(snapshot, options))
    return undefined;
  const wanted = sameDependenciesAsked(record, options, snapshot);
  const { name, problem } = live.environment;
  const needsEnvironment = wanted?.installs && wanted.mode === 'virtualEnvironment';
  if (!wanted || (needsEnvironment && (name === null || problem !== null))) return undefined;
  return {
    unchanged: true,
    release: current,
    before: current,
    source: { ...version, digest: record.digest ?? '' },
    changes: changesOf(undefined),
    adopts: [],
    dependencies: wanted,
    environment: name,
    checks: options.checks,
    drift: driftOf(snapshot.probe, createSelection(options.selection)),
    findings: [],
    steps: catchingUp(current, options, { service: options.service, running: snapshot.probe.services }),
  };
}

function wasTouched({ probe }: Snapshot, { selection }: DeployOptions): boolean {
  const compiled = createSelection(selection);
  const plain = plainNames(probe, new Set(probe.live?.record?.names));
  return plain.length > 0 || isDrifted(driftOf(probe, compiled));
}

/** The recorded dependencies, when they are what would be asked for and this interpreter is the one they are for. */
function sameDependenciesAsked(
  { dependencies = NOTHING_WANTED }: ReleaseRecord,
  { dependencies: asked }: DeployOptions,
  { side }: Snapshot,
): RecordedDependencies | undefined {
  const same =
    dependencies.mode === asked.mode &&
    JSON.stringify(dependencies.options) === JSON.stringify(recordedOptions(asked)) &&
    keyed(dependencies, side.python).key === dependencies.key;
  return same ? dependencies : undefined;
}
