import { DeployError } from '../../nodes/shared/errors';

/** The {@link DeployError} that `promise` rejects with; anything else is a broken test. */
export async function thrownBy(promise: Promise<unknown>): Promise<DeployError> {
  let outcome: unknown;
  try {
    outcome = await promise;
  } catch (error) {
    if (error instanceof DeployError) return error;
    outcome = error;
  }
  // A connection that should not have come about must not keep the test run from ending.
  await (outcome as { close?: () => Promise<void> } | undefined)?.close?.();
  throw new Error(`expected a DeployError, got ${String(outcome)}`);
}

/** The {@link DeployError} that `work` throws; anything else is a broken test. */
export function refusalOf(work: () => unknown): DeployError {
  let outcome: unknown;
  try {
    outcome = work();
  } catch (error) {
    if (error instanceof DeployError) return error;
    outcome = error;
  }
  throw new Error(`expected a DeployError, got ${String(outcome)}`);
}
