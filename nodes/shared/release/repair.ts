import type { ExecutorClient } from '../executor/client';
import type { UnconfirmedSwitch } from '../executor/protocol';
import { type Check, checksFor, notPassed, runChecks } from './checks';
import type { StepLog } from './steps';

/** How an interrupted switch was decided on. */
export interface Settled {
  release: string;
  outcome: 'confirmed' | 'reverted';
  /** The check that did not pass, when it was reverted for that. */
  check?: string;
}

/**
 * Decides on a switch that nobody confirmed because the engine's machine or executor died: the checks after the switch
 * are run again; when all pass it is kept, otherwise it is taken back.
 */
export async function settleUnconfirmed(
  client: ExecutorClient,
  unconfirmed: UnconfirmedSwitch,
  checks: readonly Check[],
  log: StepLog,
): Promise<Settled> {
  return log.run('settle an interrupted switch', async () => {
    const release = unconfirmed.to;
    // An adoption holds the same bytes on both sides: there is nothing to check and nothing to go back to.
    const toRun = unconfirmed.operation === 'adopt' ? [] : checksFor('after', checks);
    const failed = notPassed(await runChecks(client, release, 'after', toRun, client.group(), log));
    if (!failed) {
      await client.call('confirm', {});
      return { release, outcome: 'confirmed' };
    }
    await client.call('revert', { reason: `interrupted, and check ${failed.name} did not pass` });
    return { release, outcome: 'reverted', check: failed.name };
  });
}
