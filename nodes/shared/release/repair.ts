import type { ReleaseId } from '../contract/names';
import type { UnconfirmedSwitch } from '../contract/facts';
import { toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { type Check, type CheckResult, checksFor, notPassed, runChecks } from './checks';
import type { StepLog } from './steps';

/** How an interrupted switch was decided on. */
export interface Settled {
  release: ReleaseId;
  outcome: 'confirmed' | 'reverted';
  /** The check that did not pass, when it was reverted for that. */
  check?: string;
}

/**
 * Decides on a switch that nobody confirmed because the engine's machine or executor died: the checks after the switch
 * are run again, and whether the release is still there; when all pass it is kept, otherwise it is taken back.
 */
export async function settleUnconfirmed(
  client: ExecutorClient,
  unconfirmed: UnconfirmedSwitch,
  checks: readonly Check[],
  log: StepLog,
  results: CheckResult[] = [],
): Promise<Settled> {
  return log.run('settle an interrupted switch', async () => {
    const release = unconfirmed.to;
    // An adoption holds the same bytes on both sides: there is nothing to check and nothing to go back to.
    const checked = unconfirmed.operation === 'adopt' ? [] : await checkAgain(client, release, checks, log);
    results.push(...(checked ?? []));
    const failed = checked && notPassed(checked);
    if (checked && !failed) {
      await client.call('confirm', {});
      return { release, outcome: 'confirmed' };
    }
    const why = failed ? `check ${failed.name} did not pass` : 'the release is gone';
    await client.call('revert', { reason: `interrupted, and ${why}` });
    return { release, outcome: 'reverted', ...(failed && { check: failed.name }) };
  });
}

/** The checks' results; undefined when the release is no longer there to be checked. */
async function checkAgain(
  client: ExecutorClient,
  release: ReleaseId,
  checks: readonly Check[],
  log: StepLog,
): Promise<CheckResult[] | undefined> {
  const group = client.group();
  const before = runChecks(client, release, 'before', checksFor('before', []), group, log);
  const after = runChecks(client, release, 'after', checksFor('after', checks), group, log);
  after.catch(() => undefined);
  try {
    const whole = await before;
    return notPassed(whole) ? whole : [...whole, ...(await after)];
  } catch (error) {
    const reason = toDeployError(error);
    if (reason.code === 'NOT_FOUND') return undefined;
    throw reason;
  }
}
