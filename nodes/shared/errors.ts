import { printable, printableLines } from './text/printable';

/**
 * What can keep a deployment from going live, as a machine-readable code.
 *
 * - `INPUT`: a parameter, pattern, archive or manifest that can't be used as given
 * - `CONNECTION`: the host, its key, the credentials, sudo or the interpreter; nothing was started
 * - `LOST`: the conversation ended before its answer; what happened is in `details`
 * - `LOCKED`: another operation holds the engine's lock
 * - `CHECK`: a check did not pass
 * - `STEP`: a step on the engine's side could not be carried out (disk full, permission, damaged file)
 * - `SOURCE_CHANGED`: the source changed while it was being read
 * - `PLAN_CHANGED`: what a deployment would do is no longer what was planned
 * - `CANCELLED`: the caller's signal was aborted
 * - `DEPENDENCIES`: the packages that a release needs could not be installed
 * - `RUN`: a run of the engine did not succeed; how it ended is in `details`
 * - `ROLLOUT`: a release was taken back after its switch, by how it ran
 * - `NOT_FOUND`: a release, backup, file or directory that was named isn't there
 */
export type DeployErrorCode =
  | 'INPUT'
  | 'CONNECTION'
  | 'LOST'
  | 'LOCKED'
  | 'CHECK'
  | 'STEP'
  | 'SOURCE_CHANGED'
  | 'PLAN_CHANGED'
  | 'CANCELLED'
  | 'NOT_FOUND'
  | 'DEPENDENCIES'
  | 'RUN'
  | 'ROLLOUT';

/**
 * The one shape in which everything below `nodes/shared` reports that it could not do what was asked. Whatever goes into
 * its sentences, they can be shown and logged: see `printable.ts`.
 */
export class DeployError extends Error {
  override readonly name = 'DeployError';

  /** What to do next, or the output that explains the message. May span several lines. */
  readonly description?: string | undefined;

  /** Machine-readable facts: the failed check, what is live now, the exit code. Never a secret. */
  readonly details: Record<string, unknown>;

  constructor(
    readonly code: DeployErrorCode,
    message: string,
    options: { description?: string | undefined; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    const { cause, description } = options;
    super(printable(message), cause === undefined ? undefined : { cause: loggable(cause) });
    this.description = description === undefined ? undefined : printableLines(description);
    this.details = options.details ?? {};
  }
}

/** n8n logs the causes of an error, too: one that holds what no log should is told again. */
function loggable(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof DeployError) return cause;
  const message = printable(cause.message);
  const stack = cause.stack === undefined ? undefined : printableLines(cause.stack);
  const deeper = cause.cause === undefined ? undefined : loggable(cause.cause);
  if (message === cause.message && stack === cause.stack && deeper === cause.cause) return cause;
  const told = new Error(message, deeper === undefined ? undefined : { cause: deeper });
  told.name = cause.name;
  // The stack begins with the message, whose lines would be lines of the log.
  if (stack === undefined) delete told.stack;
  else told.stack = stack.replace(printableLines(cause.message), message);
  const { code } = cause as NodeJS.ErrnoException;
  return code === undefined ? told : Object.assign(told, { code });
}

/**
 * The value, which only a mistake in this package can leave out.
 *
 * @throws Error naming what is missing
 */
export function expected<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing, which is a mistake in this package`);
  return value;
}

/** Returns `thrown` itself when it is a {@link DeployError}, otherwise wraps it as one with `code`. */
export function toDeployError(thrown: unknown, code: DeployErrorCode = 'STEP'): DeployError {
  if (thrown instanceof DeployError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DeployError(code, message, { cause: thrown });
}
