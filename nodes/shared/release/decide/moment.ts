import type { SwitchMoment } from '../switchMoment';
import type { WaitForQuiet } from '../steps';

/** What a switch waits for before it happens, with everything prepared. */
export function waitingForMoment(moment: SwitchMoment | undefined): WaitForQuiet[] {
  if (moment === undefined) return [];
  const { quietSeconds: seconds, whenNotQuiet, window } = moment;
  if (seconds === 0 && window === undefined) return [];
  return [{ step: 'waitForQuiet', seconds, whenNotQuiet, ...(window && { window }) }];
}
