import { DeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import type { EngineOptions } from '../release/options';
import { StepLog } from '../release/stepLog';
import { observeLocked } from '../release/observe/engine';
import { type RolloutStatus, rolloutStatus } from './getRollout';

/**
 * Decides on the release that is being watched, in its guard's place: it is confirmed, or what was confirmed before goes live
 * again.
 *
 * @throws DeployError `NOT_FOUND` where none is watched, `LOCKED`, and `STEP` where it could not be gone back
 */
export async function endRollout(
  client: ExecutorClient,
  decision: 'promote' | 'abort',
  options: EngineOptions,
): Promise<RolloutStatus> {
  const log = new StepLog(options.onStep);
  const { probe } = await observeLocked(client, options, false, log);
  const { rollout, unconfirmed } = probe;
  if (unconfirmed) {
    throw new DeployError(
      'STEP',
      `The switch to ${unconfirmed.to} was cut off and never confirmed, which has to be decided on first.`,
      { description: 'Run a deployment or Rollback Extraction Engine: they run its checks and decide.' },
    );
  }
  const ended = await log.run(decision, () =>
    client.call('endRollout', { decision, ...(rollout && { id: rollout.id }) }),
  );
  return rolloutStatus(client, options.basePath, ended.rollout);
}
