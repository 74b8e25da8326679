import type { Entrypoint, ReleaseId } from '../contract/names';
import { DeployError, toDeployError } from '../errors';
import {
  DEPENDENCY_STEP,
  type DependencyRequest,
  type DependencyResult,
  dependencyResult,
  requestDependencies,
} from '../dependencies/install';
import type { ExecutorClient } from '../executor/client';
import { type Check, type CheckResult, checksFor, notPassed, runChecks } from './checks';
import type { StepLog } from './steps';

/** What a switch needs to know. */
export interface SwitchRequest {
  release: ReleaseId;
  /** For the history: `deploy`, `rollback`. */
  operation: string;
  entrypoint: Entrypoint;
  /** What the release needs to run; brought before its checks. */
  dependencies: DependencyRequest;
  checks: readonly Check[];
  log: StepLog;
  /** Gets every check's result, those of a switch that is taken back too. */
  results: CheckResult[];
  /** Puts something foreign at `current` aside, instead of refusing it. */
  aside?: boolean;
  /** Sent together with the confirmation, and carried out after it. */
  afterwards?: () => Promise<unknown>;
}

/** A switch that was kept. */
export interface Switched {
  /** What symlink and rename took. */
  milliseconds: number;
  dependencies: DependencyResult;
  /** What could not be tidied up once the release was live. */
  complaint?: string;
}

/**
 * The one way to switch: dependencies, checks before, flip, checks after, then confirm, or revert and say so.
 *
 * Everything up to the checks after the flip is sent at once; whatever does not pass keeps the rest from being carried
 * out. If this side goes away in between, the executor reverts by itself.
 *
 * @throws DeployError `DEPENDENCIES` when its packages can't be had; `CHECK` when a check did not pass; `details.reverted` says whether the release was live meanwhile
 */
export async function switchTo(client: ExecutorClient, request: SwitchRequest): Promise<Switched> {
  const flipped = await checkAndFlip(client, request);
  const failed = notPassed(request.results);
  if (failed) throw await undo(client, request, failed, flipped.dependencies);
  const confirmed = client.call('confirm', {});
  const afterwards = request.afterwards?.();
  afterwards?.catch(() => undefined);
  await request.log.run('confirm', () => confirmed);
  const complaint = afterwards && (await request.log.run('clean up', () => complaintOf(afterwards)));
  return { ...flipped, complaint };
}

/** The release is live and stays so, whatever becomes of the tidying. */
async function complaintOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => toDeployError(error).message,
  );
}

async function checkAndFlip(client: ExecutorClient, request: SwitchRequest): Promise<Switched> {
  const { release, operation, entrypoint, log, results, aside } = request;
  const group = client.group();
  const brought = requestDependencies(client, release, request.dependencies, group, log);
  const phase = (when: 'before' | 'after') =>
    runChecks(client, release, when, checksFor(when, request.checks), group, log);
  const before = phase('before');
  const ready = client.call('describe', { release, fields: { state: 'ready' } }, { group });
  const flip = client.call('flip', { release, operation, entrypoint, aside }, { group });
  const after = phase('after');
  // Each is awaited in turn below; one that was skipped must not count as unhandled meanwhile.
  for (const answer of [before, ready, flip, after]) answer.catch(() => undefined);

  const environment = brought && (await log.run(DEPENDENCY_STEP, () => brought));
  const dependencies = dependencyResult(environment, request.dependencies);
  results.push(...(await log.run('check before the switch', () => before)));
  if (notPassed(results)) return { milliseconds: 0, dependencies };
  const { milliseconds } = await log.run('switch', () => ready.then(() => flip));
  results.push(...(await log.run('check after the switch', () => after)));
  return { milliseconds, dependencies };
}

async function undo(
  client: ExecutorClient,
  request: SwitchRequest,
  failed: CheckResult,
  dependencies: DependencyResult,
): Promise<DeployError> {
  const reverted = failed.when === 'after';
  if (reverted) {
    const reason = `check ${failed.name} did not pass`;
    await request.log.run('switch back', () => client.call('revert', { reason }));
  }
  return new DeployError(
    'CHECK',
    `Check “${failed.name}” did not pass ${failed.when} the switch: ${failed.reason}`,
    { description: failed.output, details: { check: failed, reverted, dependencies } },
  );
}
