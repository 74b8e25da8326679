import type { ExecutorClient } from '../executor/client';
import { DeployError, toDeployError } from '../errors';
import { RETRY_CAUSES, type RetryCause, type RunRequest } from '../run/request';
import type { RunResult, TakeFile } from '../run/runResult';
import type { Held } from '../running/duringRun';
import { runEngine } from './run';

/** How a run comes by a conversation: `connect` may be asked again, and gives another one where the last is over. */
export interface Way {
  connect(): Promise<ExecutorClient>;
  /** Asks for what is held for the runs of that conversation, see `holdRelease`; and what is run there. */
  hold(client: ExecutorClient): Promise<Pinned>;
}

/** Nobody has to wait for `held` before the run is asked for: both are answered in their order. */
export interface Pinned {
  held: Promise<Held>;
  pinnedTo: RunRequest['pinnedTo'];
}

/**
 * Runs the engine, and again for the causes that were named. Once a run may have been started it is not started again
 * because its connection was lost, unless it is repeatable or has a key. `takeFiles` is asked for each attempt: what an
 * earlier one put out is no part of it.
 *
 * @throws DeployError as `runEngine`, with `attempts` in its details
 */
export async function runWithRetries(
  way: Way,
  request: RunRequest,
  takeFiles: () => TakeFile,
): Promise<RunResult> {
  let ended = 0;
  for (let attempts = 1; ; attempts++) {
    let started = false;
    try {
      const client = await way.connect();
      const { held, pinnedTo } = await way.hold(client);
      started = true;
      const attempt = { ...request, pinnedTo, runKey: keyAfter(ended, request) };
      const result = await runEngine(client, attempt, held, takeFiles());
      return { ...result, attempts, runKey: request.runKey || null };
    } catch (error) {
      const failed = toDeployError(error);
      const cause = causeOf(failed, started, request);
      const again = attempts <= request.retries && cause !== undefined && request.retryOn.includes(cause);
      if (!again) throw withAttempts(failed, attempts, request, started);
      if (cause !== 'connection') ended += 1;
    }
  }
}

/**
 * The key of the run after so many that have ended: each has an outcome of its own, and whoever asks again finds all of
 * them, in their order. One whose connection was lost is the same run.
 */
function keyAfter(ended: number, { runKey }: RunRequest): string {
  // Nobody's own key has this character.
  return runKey !== '' && ended > 0 ? `${runKey}\0${ended + 1}` : runKey;
}

function causeOf(
  { code, details }: DeployError,
  started: boolean,
  { repeatable, runKey }: RunRequest,
): RetryCause | undefined {
  if (code === 'RUN') return RETRY_CAUSES.find((cause) => cause === details.status);
  if (code === 'CONNECTION' || (code === 'LOST' && !started)) return 'connection';
  // With a key, whoever asks again finds the run that is there.
  if (code === 'LOST' && (repeatable || runKey !== '')) return 'connection';
  return undefined;
}

/** The same, with how often it was tried; and what can be said of a run whose end nobody saw. */
function withAttempts(
  error: DeployError,
  attempts: number,
  { runKey }: RunRequest,
  started: boolean,
): DeployError {
  const { code, message, description, details, cause } = error;
  const unseen = started && code === 'LOST' ? { status: 'unknown' } : {};
  const stopped = code === 'CANCELLED' ? { status: 'cancelled' } : {};
  return new DeployError(code, message, {
    description,
    details: {
      ...details,
      ...(code === 'RUN' && { runKey: runKey || null }),
      ...unseen,
      ...stopped,
      attempts,
    },
    cause,
  });
}
