import { setTimeout as pause } from 'node:timers/promises';

import { DeployError } from '../errors';
import { type DeploymentWindow, millisecondsUntil, shownWindow } from '../release/deploymentWindow';
import type { EngineOptions, SwitchOptions } from '../release/options';
import { StepLog } from '../release/stepLog';
import { PREPARING_MS } from '../release/switchMoment';

/** Between two looks at the clock: somebody may set it. */
const LOOK_MS = 60_000;

/**
 * Does an operation when its window is near enough to prepare it. Until then nothing is connected and nobody's lock is held.
 *
 * @throws DeployError `CANCELLED` when the signal is aborted meanwhile, and what `work` throws
 */
export async function nearWindow<R extends { waitedMs?: number | undefined }>(
  options: Pick<SwitchOptions, 'moment'> & Pick<EngineOptions, 'onStep' | 'signal'>,
  work: () => Promise<R>,
): Promise<R> {
  const window = options.moment?.window;
  if (window === undefined || millisecondsUntil(new Date(), window) <= PREPARING_MS) return work();
  const log = new StepLog(options.onStep);
  await log.run(`wait for the deployment window ${shownWindow(window)}`, () => near(window, options.signal));
  const waitedMs = Math.round(log.durationMs);
  const result = await work();
  return { ...result, waitedMs: waitedMs + (result.waitedMs ?? 0) };
}

async function near(window: DeploymentWindow, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    const left = millisecondsUntil(new Date(), window) - PREPARING_MS;
    if (left <= 0) return;
    // Rejects when the signal is aborted, and for nothing else.
    await pause(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) {
      throw new DeployError(
        'CANCELLED',
        'The execution was cancelled while it waited for the Deployment Window; nothing was changed.',
      );
    }
  }
}
