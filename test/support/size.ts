/** Whether everything runs at its full size: `npm run proof`. */
export const FULL_SIZE = process.env.HOT_DEPLOY_PROOF === '1';

/** The size at which a test can be seen failing without its defence, or, for `npm run proof`, the full one. */
export function size(small: number, full: number): number {
  return FULL_SIZE ? full : small;
}
