import { DeployError } from '../errors';

/** The `CANCELLED` of everything that reads a source. */
export function cancelled(): DeployError {
  return new DeployError('CANCELLED', 'Cancelled while the source was being read; nothing was changed.');
}

/** Throws `CANCELLED` when the caller has aborted `signal`. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}
