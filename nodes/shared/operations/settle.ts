import type { UnconfirmedSwitch } from '../contract/facts';
import { toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { apply } from '../release/apply/apply';
import type { CheckResult } from '../release/checks';
import { runningServices } from '../release/observe/services';
import { decideSettling } from '../release/decide/settle';
import type { SwitchOptions } from '../release/options';
import type { Settled } from '../release/snapshot';
import type { StepLog } from '../release/stepLog';

/** What became of an interrupted switch, and what was looked at for it. */
export interface Settlement {
  readonly settled: Settled;
  readonly checks: readonly CheckResult[];
}

/**
 * Decides on a switch that nobody confirmed because the engine's machine or executor died.
 *
 * @throws DeployError when it could not be decided on
 */
export async function settle(
  client: ExecutorClient,
  unconfirmed: Pick<UnconfirmedSwitch, 'to' | 'operation'>,
  options: SwitchOptions,
  log: StepLog,
): Promise<Settlement> {
  const { basePath, holder, entrypoint, checks, dependencies, service } = options;
  return log.run('settle an interrupted switch', async () => {
    const running = await runningServices(client, options);
    const plan = decideSettling(unconfirmed, { checks, entrypoint }, { service, running });
    const release = unconfirmed.to;
    const applying = { client, basePath, holder, log: log.within(), installing: dependencies };
    const outcome = await apply(plan, applying);
    const looked = outcome.learned.checks;
    if (outcome.end === 'kept') {
      const takesBack = plan.steps.some(({ step }) => step === 'takeBack');
      return { settled: { release, outcome: takesBack ? 'reverted' : 'confirmed' }, checks: looked };
    }
    if (outcome.end !== 'takenBack') throw toDeployError(outcome.error);
    const failed = looked.find(({ passed }) => !passed);
    return {
      settled: { release, outcome: 'reverted', ...(failed && { check: failed.name }) },
      checks: looked,
    };
  });
}
