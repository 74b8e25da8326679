import type { ListedRelease } from '../contract/facts';
import { keyed, NOTHING_WANTED } from '../dependencies/wanted';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import type { CheckResult } from './checks';
import type { SwitchOptions } from './options';
import type { StepLog } from './steps';
import { switchTo } from './swap';

/** What a release may refuse without the next one being useless to try. */
const ITS_OWN_FAULT: readonly string[] = ['CHECK', 'STEP', 'NOT_FOUND', 'DEPENDENCIES'];

/**
 * Makes the newest release live again that was live at some time, is whole and passes its checks: for an engine whose
 * `current` is gone, leads nowhere or was not made here. Goes through the one switch, as everything does.
 *
 * @returns the release's id
 * @throws DeployError `STEP` when there is no such release; says why each one was passed over
 */
export async function restoreLive(
  client: ExecutorClient,
  options: SwitchOptions,
  log: StepLog,
  results: CheckResult[] = [],
): Promise<string> {
  const { basePath } = options;
  const { wereLive, releases } = await client.call('list', { basePath });
  const passedOver: string[] = [];
  for (const record of candidates(wereLive, releases)) {
    try {
      await restore(client, record, options, log, results);
      return record.release;
    } catch (error) {
      const reason = toDeployError(error);
      if (!ITS_OWN_FAULT.includes(reason.code)) throw reason;
      passedOver.push(`${record.release}: ${reason.message}`);
    }
  }
  throw new DeployError('STEP', `No kept release of ${basePath} could be made live again.`, {
    description: [...passedOver, 'Deploy a version, or roll back to a backup.'].join('\n'),
    details: { passedOver },
  });
}

/** Those that were live, the last first; where no history tells, all that ever passed their checks. */
function candidates(wereLive: readonly string[], releases: readonly ListedRelease[]): ListedRelease[] {
  if (wereLive.length === 0) return releases.filter(({ state }) => state === 'ready');
  return wereLive.flatMap((id) => releases.filter(({ release }) => release === id));
}

async function restore(
  client: ExecutorClient,
  { release, entrypoint, dependencies }: ListedRelease,
  options: SwitchOptions,
  log: StepLog,
  results: CheckResult[],
): Promise<void> {
  const ofThis: CheckResult[] = [];
  try {
    await switchTo(client, {
      release,
      operation: 'repair',
      entrypoint: entrypoint ?? options.entrypoint,
      dependencies: {
        wanted: keyed(dependencies ?? NOTHING_WANTED, client.hello.python),
        options: options.dependencies,
        live: null,
        liveHasPackages: false,
        keep: true,
      },
      checks: options.checks,
      log,
      results: ofThis,
      aside: true,
    });
  } finally {
    results.push(...ofThis);
  }
}
