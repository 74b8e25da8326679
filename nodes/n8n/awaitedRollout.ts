import { awaitRollout, refuseTakenBack } from '../shared/operations/awaitRollout';
import type { DeployOptions } from '../shared/release/options';
import type { SwitchResult } from '../shared/release/result';
import type { ItemContext } from './item';
import { waitForRollout } from './rolloutFields';

/**
 * Does a deployment and waits, where that is wanted, until the release that it has watched is decided on: another deployment
 * of the same finds the same rollout.
 *
 * @throws DeployError as `work`, and `ROLLOUT` where the release was taken back
 */
export async function awaited(
  item: ItemContext,
  options: DeployOptions,
  work: () => Promise<SwitchResult>,
): Promise<SwitchResult> {
  const result = await work();
  const { rollout } = result;
  if (options.watch === undefined || rollout?.state !== 'watching' || !waitForRollout.read(item.read)) {
    return result;
  }
  // Its conversation holds the engine's lock, which whoever decides needs.
  await (await item.connect()).close();
  const ended = await awaitRollout(() => item.share(), rollout, options);
  refuseTakenBack(ended, { ...result, status: undefined });
  const { state } = ended;
  const known = state === 'promoted' || state === 'inconclusive' || state === 'watching';
  return { ...result, rollout: ended, ...(known && result.status === 'watching' && { status: state }) };
}
