import type { Probe } from '../contract/facts';
import type { ResultOf } from '../contract/verbs';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { alreadyRemoved, explain, type Finding } from './findings';
import { MAKE_WRITABLE, unwritable } from './notices';
import type { SwitchOptions } from './options';
import { type Settled, settleUnconfirmed } from './repair';
import { restoreLive } from './restore';
import type { StepLog } from './steps';

/** What is known once the lock is held. */
export interface Begun {
  probe: Probe;
  listed: ResultOf<'list'>;
  /** How an earlier, interrupted switch was decided on, if there was one. */
  settled?: Settled;
  /** What was put right before anything else; empty where all was well. */
  repaired: Finding[];
}

/** What beginning found, under the names that a result has for it. */
export function foundIn({ probe, settled, repaired }: Begun) {
  return {
    releasesInUse: probe.releasesInUse,
    ...(settled && { settled }),
    ...(repaired.length > 0 && { repaired }),
  };
}

/**
 * Takes the lock, looks at everything in the same round trip, and puts right what is ours: leftovers are removed, a
 * switch that was cut off is decided on, and where `current` leads nowhere a whole release is made live again.
 */
export async function begin(
  client: ExecutorClient,
  options: SwitchOptions,
  create: boolean,
  log: StepLog,
): Promise<Begun> {
  const { basePath, holder, lockWaitSeconds, owner } = options;
  const begun = await log.run('lock and look', async () => {
    const group = client.group();
    const [{ cleaned }, seen] = await Promise.all([
      client.call('lock', { basePath, create, holder, waitSeconds: lockWaitSeconds, owner }, { group }),
      look(client, options, group),
    ]);
    return { ...seen, repaired: alreadyRemoved(cleaned) };
  });
  refuseUnwritable(begun.probe, client, basePath);
  return putRight(client, options, begun, log);
}

async function putRight(
  client: ExecutorClient,
  options: SwitchOptions,
  begun: Begun,
  log: StepLog,
): Promise<Begun> {
  let known = begun;
  if (known.probe.unconfirmed) {
    const settled = await settleUnconfirmed(client, known.probe.unconfirmed, options.checks, log);
    known = { ...known, ...(await look(client, options)), settled };
  }
  if (known.probe.lost === null) return known;
  const finding = await restored(client, options, known.probe, log);
  return { ...known, ...(await look(client, options)), repaired: [...known.repaired, finding] };
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
    const release = await restoreLive(client, options, log);
    return { ...finding, action: `Release ${release} was made live again.`, done: true };
  } catch (error) {
    const reason = toDeployError(error);
    if (reason.code !== 'STEP') throw reason;
    return { ...finding, action: `It could not be put right: ${reason.message}` };
  }
}

async function look(
  client: ExecutorClient,
  { basePath, entrypoint }: SwitchOptions,
  group?: number,
): Promise<Pick<Begun, 'probe' | 'listed'>> {
  const [probe, listed] = await Promise.all([
    client.call('probe', { basePath, entrypoint }, { group }),
    client.call('list', { basePath }, { group }),
  ]);
  return { probe, listed };
}

function refuseUnwritable({ writable }: Probe, client: ExecutorClient, basePath: string): void {
  if (writable) return;
  throw new DeployError('STEP', unwritable(client, basePath), { description: MAKE_WRITABLE });
}
