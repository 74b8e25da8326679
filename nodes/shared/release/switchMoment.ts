/** When a switch may happen, as it was asked for. */
import type { DeploymentWindow } from './deploymentWindow';

/** What happens when it was not quiet in time: it is switched all the same, or nothing is. */
export const WHEN_NOT_QUIET = ['goOn', 'giveUp'] as const;
export type WhenNotQuiet = (typeof WHEN_NOT_QUIET)[number];

export interface SwitchMoment {
  /** How long it is waited at most until no run and no request is in progress; 0: not at all. */
  readonly quietSeconds: number;
  readonly whenNotQuiet: WhenNotQuiet;
  /** In which it has to happen; undefined: at any time. */
  readonly window?: DeploymentWindow | undefined;
}

/** So long before its window an operation takes the lock and prepares everything, in milliseconds. */
export const PREPARING_MS = 15 * 60_000;
