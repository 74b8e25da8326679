import type { BasePath, ReleaseId } from '../../contract/names';
import { DeployError } from '../../errors';
import type { ExecutorClient } from '../../executor/client';
import { alreadyRemoved } from '../meanings';
import { MAKE_WRITABLE, unwritable } from '../notices';
import type { EngineOptions } from '../options';
import { placeOf } from '../place';
import type { Side, Snapshot } from '../snapshot';
import type { StepLog } from '../stepLog';

type Engine = Pick<EngineOptions, 'basePath' | 'entrypoint'>;

/** What a look may ask for beyond what an operation needs: who holds the lock, and what environments hold. */
export interface Curiosity {
  readonly holder?: boolean | undefined;
  readonly packages?: boolean | undefined;
  /** How runs are pinned: of what is live, or whether the kernel allows pinning in place at all. */
  readonly pinning?: 'live' | 'kernel' | undefined;
  /** A release that is wanted, however old it is. */
  readonly release?: ReleaseId | undefined;
}

/** As many releases as an operation looks at to decide. What decides is told beside them. */
const DECIDING = { most: 100, prunable: true } as const;

/** Who answers, as a snapshot has it. */
export function sideOf(client: ExecutorClient, basePath: BasePath): Side {
  const { user, python } = client.hello;
  return { ...placeOf(client, basePath), basePath, machine: client.connection.description, user, python };
}

/** Looks at an engine, in one round trip. Takes no lock and changes nothing. */
export async function observe(
  client: ExecutorClient,
  { basePath, entrypoint }: Engine,
  { holder, packages, pinning, release }: Curiosity = {},
): Promise<Snapshot> {
  const [probe, listed] = await Promise.all([
    client.call('probe', { basePath, entrypoint, holder, pinning }),
    client.call('list', { basePath, packages, release, ...DECIDING }),
  ]);
  return { side: sideOf(client, basePath), probe, listed, repaired: [] };
}

/**
 * Takes the lock and looks at the engine under it, in one round trip: the snapshot that decides.
 *
 * @param create whether the base path is made where it is missing
 * @param release one that is wanted, however old it is
 * @throws DeployError `LOCKED`; `STEP` where the user may not write
 */
export async function observeLocked(
  client: ExecutorClient,
  options: EngineOptions,
  create: boolean,
  log: StepLog,
  release?: ReleaseId,
): Promise<Snapshot> {
  const { basePath, entrypoint, holder, lockWaitSeconds: waitSeconds, owner } = options;
  const snapshot = await log.run('lock and look', async () => {
    const together = client.pipeline();
    const [{ cleaned }, probe, listed] = await Promise.all([
      together.call('lock', { basePath, create, holder, waitSeconds, owner }),
      together.call('probe', { basePath, entrypoint }),
      together.call('list', { basePath, release, ...DECIDING }),
    ]);
    return { side: sideOf(client, basePath), probe, listed, repaired: alreadyRemoved(cleaned) };
  });
  if (snapshot.probe.writable) return snapshot;
  throw new DeployError('STEP', unwritable(snapshot.side), { description: MAKE_WRITABLE });
}
