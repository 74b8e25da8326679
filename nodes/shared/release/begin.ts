import type { ExecutorClient } from '../executor/client';
import type { Probe, Verbs } from '../executor/protocol';
import { DeployError } from '../errors';
import { checkBasePath, checkEntrypoint } from './layout';
import type { SwitchOptions } from './options';
import { type Settled, settleUnconfirmed } from './repair';
import type { StepLog } from './steps';

/** What is known once the lock is held. */
export interface Begun {
  probe: Probe;
  listed: Verbs['list']['result'];
  /** How an earlier, interrupted switch was decided on, if there was one. */
  settled?: Settled;
}

/** Takes the lock, looks at everything in the same round trip, and decides on a switch that was cut off earlier. */
export async function begin(
  client: ExecutorClient,
  options: SwitchOptions,
  create: boolean,
  log: StepLog,
): Promise<Begun> {
  const { basePath, entrypoint, holder, lockWaitSeconds, owner } = options;
  checkBasePath(basePath);
  checkEntrypoint(entrypoint);
  const begun = await log.run('lock and look', async () => {
    const group = client.group();
    const [, probe, listed] = await Promise.all([
      client.call('lock', { basePath, create, holder, waitSeconds: lockWaitSeconds, owner }, { group }),
      client.call('probe', { basePath, entrypoint }, { group }),
      client.call('list', { basePath }, { group }),
    ]);
    return { probe, listed };
  });
  refuseUnwritable(begun.probe, client, basePath);
  if (!begun.probe.unconfirmed) return begun;
  const settled = await settleUnconfirmed(client, begun.probe.unconfirmed, options.checks, log);
  const [probe, listed] = await Promise.all([
    client.call('probe', { basePath, entrypoint }),
    client.call('list', { basePath }),
  ]);
  return { probe, listed, settled };
}

function refuseUnwritable(probe: Probe, client: ExecutorClient, basePath: string): void {
  if (probe.writable) return;
  throw new DeployError(
    'STEP',
    `${client.hello.user} on ${client.connection.description} may not write to ${basePath}.`,
    {
      description:
        'Give that user the directory, set Become to “sudo” in the credential, or mount it writable.',
    },
  );
}
