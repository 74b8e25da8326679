import { setTimeout as pause } from 'node:timers/promises';

import type { BasePath } from '../contract/names';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { StepLog } from '../release/stepLog';
import type { EngineOptions } from '../release/options';
import type { RolloutResult } from '../rollout/rolloutResult';
import { getRollout } from './getRollout';

/** Between two looks. The engine's side decides by itself, whoever looks. */
const LOOK_MS = 2_000;
/** How much longer than its time somebody waits for a decision, which takes the engine's lock. */
const GRACE_MS = 60_000;

/**
 * Waits until a rollout is decided, holding no lock. Resolves with how it ended, or, where nobody decides any more, with how
 * it stands.
 *
 * @param connect a conversation; another one where the last is over
 * @throws DeployError `CANCELLED` when the signal is aborted: the watch goes on; `LOST` or `CONNECTION` where nobody could be
 *   asked by its end
 */
export async function awaitRollout(
  connect: () => Promise<ExecutorClient>,
  started: RolloutResult,
  { basePath, onStep, signal }: Pick<EngineOptions, 'onStep' | 'signal'> & { basePath: BasePath },
): Promise<RolloutResult> {
  const log = new StepLog(onStep);
  const latest = Date.parse(started.until) + GRACE_MS;
  return log.run(`watch ${started.release} until ${started.until}`, async () => {
    for (;;) {
      await looked(signal, started);
      const found = await asked(connect, basePath).catch((thrown: unknown) => {
        // The engine's side may be restarting: what it decides stays there.
        if (Date.now() >= latest) throw toDeployError(thrown);
        return undefined;
      });
      if (found === undefined) continue;
      if (found?.id !== started.id) return superseded(started);
      if (found.state !== 'watching' || found.overdue) return found;
      if (Date.now() >= latest) return found;
    }
  });
}

/** Of a rollout in whose place another one is by now, or nothing at all. */
function superseded(started: RolloutResult): RolloutResult {
  const summary = `Release ${started.release} was watched until another one went live.`;
  return { ...started, state: 'superseded', summary };
}

async function asked(
  connect: () => Promise<ExecutorClient>,
  basePath: BasePath,
): Promise<RolloutResult | null> {
  const { rollout } = await getRollout(await connect(), basePath);
  return rollout;
}

async function looked(signal: AbortSignal | undefined, { release, until }: RolloutResult): Promise<void> {
  await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  if (!signal?.aborted) return;
  throw new DeployError(
    'CANCELLED',
    `The execution was cancelled while release ${release} was watched: it is live, and watched on the engine’s side until ${until}.`,
    { description: 'Get Rollout tells how that ends; Abort goes back at once.' },
  );
}

/**
 * What a deployment says once its rollout was waited for.
 *
 * @throws DeployError `ROLLOUT` where the release was taken back, or should have been
 */
export function refuseTakenBack(rollout: RolloutResult, details: Record<string, unknown>): void {
  if (rollout.state !== 'aborted') return;
  throw new DeployError('ROLLOUT', rollout.summary, {
    description:
      'Put right what made its runs or checks bad, then deploy again. Extractions go on with what is live.',
    details: { ...details, attempted: rollout.release, live: rollout.fallback, rollout, reverted: true },
  });
}
