import type { UnconfirmedSwitch } from '../../contract/facts';
import { checksFor } from '../checks';
import type { SwitchOptions } from '../options';
import type { Plan, Step } from '../steps';
import { decideService, type ServiceSwitching } from './services';

/**
 * Decides on a switch that nobody confirmed because the engine's machine or executor died: the release is looked at again
 * with the checks after the switch, which its service is handed over for, or reloaded, as the switch would have; when all
 * pass it is kept, otherwise taken back. Of an adoption that nothing followed there is nothing to check: the plain files are what was live.
 */
export function decideSettling(
  { to: release, operation }: Pick<UnconfirmedSwitch, 'to' | 'operation'>,
  { checks, entrypoint }: Pick<SwitchOptions, 'checks' | 'entrypoint'>,
  services: ServiceSwitching,
): Plan {
  const serving = decideService(release, { checks, entrypoint }, services);
  const looks: Step[] = [
    { step: 'check', release, phase: 'before', checks: checksFor('before', []), entrypoint },
    ...serving.before,
    ...serving.after,
    { step: 'check', release, phase: 'after', checks: checksFor('after', checks), entrypoint },
  ];
  if (operation === 'adopt')
    return { settles: release, steps: [{ step: 'takeBack', reason: 'interrupted' }] };
  return { settles: release, steps: [...looks, { step: 'confirm' }] };
}
