import type { Probe } from '../contract/facts';
import type { ReleaseId } from '../contract/names';
import { toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { explain, type Finding } from '../release/meanings';
import { observe, observeLocked } from '../release/observe/engine';
import type { SwitchOptions } from '../release/options';
import type { Snapshot } from '../release/snapshot';
import type { StepLog } from '../release/stepLog';
import { restoreLive } from './restore';
import { refuseUnreachableService } from '../release/preconditions';
import { settle } from './settle';

/**
 * Takes the lock and gives the snapshot that decides, once all is in order: leftovers were removed, a switch that was cut
 * off is decided on, and where `current` leads nowhere a whole release is made live again.
 *
 * @param release one that is wanted, however old it is
 */
export async function begin(
  client: ExecutorClient,
  options: SwitchOptions,
  create: boolean,
  log: StepLog,
  release?: ReleaseId,
): Promise<Snapshot> {
  let snapshot = await observeLocked(client, options, create, log, release);
  refuseUnreachableService(snapshot, options);
  if (snapshot.probe.rollout?.overdue)
    snapshot = await settledRollout(client, snapshot, options, log, release);
  const { unconfirmed } = snapshot.probe;
  if (unconfirmed) {
    const { settled } = await settle(client, unconfirmed, options, log);
    snapshot = { ...snapshot, ...(await lookAgain(client, options, release)), settled };
  }
  if (snapshot.probe.lost === null) return snapshot;
  const finding = await restored(client, options, snapshot.probe, log);
  return {
    ...snapshot,
    ...(await lookAgain(client, options, release)),
    repaired: [...snapshot.repaired, finding],
  };
}

async function lookAgain(
  client: ExecutorClient,
  options: SwitchOptions,
  release: ReleaseId | undefined,
): Promise<Pick<Snapshot, 'probe' | 'listed'>> {
  const { probe, listed } = await observe(client, options, { release });
  return { probe, listed };
}

/** Where no release can be made live again, the operation itself may be what helps: it goes on. */
async function restored(
  client: ExecutorClient,
  options: SwitchOptions,
  { current, lost }: Probe,
  log: StepLog,
): Promise<Finding> {
  const path = 'current';
  const { finding } =
    current === null
      ? explain({ kind: 'currentMissing', path, wasLive: lost ?? '' })
      : explain({ kind: 'currentDangling', path, target: current, wasLive: lost });
  try {
    const { release } = await restoreLive(client, options, log);
    return { ...finding, action: `Release ${release} was made live again.`, done: true };
  } catch (error) {
    const reason = toDeployError(error);
    if (reason.code !== 'STEP') throw reason;
    return { ...finding, action: `It could not be put right: ${reason.message}` };
  }
}

/** Decides on a release whose guard is gone, as that would have by what it had counted. */
async function settledRollout(
  client: ExecutorClient,
  snapshot: Snapshot,
  options: SwitchOptions,
  log: StepLog,
  release: ReleaseId | undefined,
): Promise<Snapshot> {
  // A switch that was cut off comes first: what it leaves live may be another one.
  if (snapshot.probe.unconfirmed) return snapshot;
  const { rollout } = await log.run('settle a rollout', () =>
    client.call('endRollout', { decision: 'settle' }),
  );
  const looked = { ...snapshot, ...(await lookAgain(client, options, release)) };
  return rollout ? { ...looked, settledRollout: rollout } : looked;
}
