import type { ReleaseId } from '../contract/names';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { wasEnded } from '../executor/endings';
import type { CheckResult } from './checks';
import { placeOf, shownPlace } from './place';
import type { SwitchResult } from './result';
import type { StepLog } from './steps';

/** What was true when an operation stopped; goes into the thrown error's details. */
export interface Stopped {
  operation: 'deployment' | 'rollback' | 'return to a plain directory';
  basePath: string;
  /** What was live before, as far as it is known. */
  before?: ReleaseId | null;
  checks: readonly CheckResult[];
  log: StepLog;
  /** What is known of the result by then, under the names that the output has for it. */
  known?: Partial<SwitchResult>;
  /** The release that was to go live, once it has a name. */
  attempted?: ReleaseId;
}

/**
 * Cleans up after an operation that did not go live and says what is live now.
 *
 * Returns the DeployError to throw: its message says what happened and what is live, its description what to do next,
 * its details `live` (null: nothing; undefined: not known), `step`, `steps`, `checks`, and all of the result that was
 * known by then.
 */
export async function stopped(thrown: unknown, client: ExecutorClient, facts: Stopped): Promise<DeployError> {
  const error = toDeployError(thrown);
  const step = facts.log.current;
  await writeDown(error, step, client, facts);
  const ended = await client.close();
  const live = ended?.live ?? (ended ? facts.before : undefined);
  // Whoever cancels is told that nothing has changed; whoever lost the connection may have seen the new release live.
  const wasLive = error.details.reverted === true || (error.code === 'LOST' && ended?.reverted === true);
  const place = placeOf(client, facts.basePath);
  const details = {
    ...place,
    ...facts.known,
    ...(facts.attempted !== undefined && { attempted: facts.attempted }),
    ...error.details,
    live,
    step,
    steps: facts.log.steps,
    checks: facts.checks,
    durationMs: facts.log.durationMs,
  };
  const told = { ...facts, basePath: shownPlace(place) };
  const now = wasEnded(error.details) ? leftBehind(told) : liveNow(live, told, wasLive);
  return new DeployError(error.code, `${sentence(error.message)} ${now}`, {
    description: error.description ?? nextStep(error, facts),
    details,
    cause: error,
  });
}

/**
 * Has the engine's history say at which step it stopped. Of an operation that is cut off, the engine's side itself
 * writes down how, and of a switch that it is taken back.
 */
async function writeDown(
  { code, details }: DeployError,
  step: string | null,
  client: ExecutorClient,
  { before, attempted, operation }: Stopped,
): Promise<void> {
  const begun = before !== undefined;
  if (!begun || details.reverted === true || code === 'CANCELLED' || code === 'LOST') return;
  const check = details.check as CheckResult | undefined;
  const reason = check ? `check ${check.name} did not pass` : `${code} in the step “${step || operation}”`;
  const entry = { to: attempted ?? null, operation, reason };
  // What can't be written down changes nothing of what happened.
  await client.call('noteRefusal', entry).catch(() => undefined);
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function liveNow(
  live: string | null | undefined,
  { basePath, before, operation, log }: Stopped,
  reverted: boolean,
): string {
  if (reverted && live) return `The switch was taken back: release ${live} is live in ${basePath} again.`;
  // Kept in the same instant; or plain files became a release, and nothing more.
  if (live && before !== undefined && live !== before) return `Release ${live} is live in ${basePath} now.`;
  if (live) return `Release ${live} is live in ${basePath}; the ${operation} changed nothing.`;
  if (live === null || (before === null && log.current !== 'confirm'))
    return `Nothing is live in ${basePath} yet; the ${operation} changed nothing.`;
  if (live === undefined && log.current === 'confirm') {
    return `Whether the ${operation} to ${basePath} was kept is not known; Get Status shows what is live.`;
  }
  if (before === undefined) return `The ${operation} changed nothing.`;
  return `${before} was live in ${basePath}; the engine's side goes back to it by itself. Get Status shows what is live.`;
}

/** Nobody is left on the engine's side who puts things right. */
function leftBehind({ basePath, before, attempted }: Stopped): string {
  const old = before ? `${before} is live in ${basePath}` : `Nothing is live in ${basePath}`;
  if (attempted === undefined) return `${old}; the next operation removes what was half built.`;
  return (
    `${before ?? 'Nothing'} was live in ${basePath}, and ${attempted} may be now, unconfirmed: ` +
    'the next deployment or rollback runs its checks and decides. Get Status shows it.'
  );
}

function nextStep(error: DeployError, { operation }: Stopped): string {
  if (error.code === 'CANCELLED')
    return `Run the ${operation} again when you want it; nothing is left to clean up.`;
  if (error.code === 'SOURCE_CHANGED') return `Run the ${operation} again when nobody writes to the source.`;
  return `Put right what the message names, then run the ${operation} again. Extractions go on with what is live.`;
}
