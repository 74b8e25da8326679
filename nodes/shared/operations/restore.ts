import type { ReleaseId } from '../contract/names';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { apply, type Outcome } from '../release/apply/apply';
import type { CheckResult } from '../release/checks';
import { decideRestore, restorable } from '../release/decide/restore';
import { sideOf } from '../release/observe/engine';
import { runningServices } from '../release/observe/services';
import type { SwitchOptions } from '../release/options';
import type { StepLog } from '../release/stepLog';

/** What a release may refuse without the next one being useless to try. */
const ITS_OWN_FAULT: readonly string[] = ['CHECK', 'STEP', 'NOT_FOUND', 'DEPENDENCIES'];

/** The release that was made live again, and what was looked at for it, in all that were tried. */
export interface Restored {
  readonly release: ReleaseId;
  readonly checks: readonly CheckResult[];
}

/**
 * Makes the newest release live again that was live at some time, is whole and passes its checks: for an engine whose
 * `current` is gone, leads nowhere or was not made here. Goes through the one switch, as everything does.
 *
 * @throws DeployError `STEP` when there is no such release; says why each one was skipped
 */
export async function restoreLive(
  client: ExecutorClient,
  options: SwitchOptions,
  log: StepLog,
): Promise<Restored> {
  const { basePath, holder, dependencies: installing, service } = options;
  const running = await runningServices(client, options);
  const side = sideOf(client, basePath);
  const skipped: string[] = [];
  const checks: CheckResult[] = [];
  for (const record of restorable(await client.call('list', { basePath }))) {
    const plan = decideRestore(side, record, options, { service, running });
    const outcome = await apply(plan, { client, basePath, holder, log, installing });
    checks.push(...outcome.learned.checks);
    if (outcome.end === 'kept') return { release: record.release, checks };
    skipped.push(`${record.release}: ${whyNot(outcome).message}`);
  }
  throw new NothingRestorable(basePath, skipped, checks);
}

/** `STEP`: no release could be made live again; why not each of them, and what was looked at. */
export class NothingRestorable extends DeployError {
  constructor(
    basePath: string,
    skipped: readonly string[],
    readonly checks: readonly CheckResult[],
  ) {
    super('STEP', `No kept release of ${basePath} could be made live again.`, {
      description: [...skipped, 'Deploy a version, or roll back to a backup.'].join('\n'),
      details: { passedOver: skipped },
    });
  }
}

/** Why the next release is to be tried. Throws what is no release's own fault. */
function whyNot({ error }: Exclude<Outcome, { end: 'kept' }>): DeployError {
  if (ITS_OWN_FAULT.includes(error.code)) return error;
  throw toDeployError(error);
}
