import type { Counts } from './counts';

/** What is said to be ruled out is, in so many of a hundred cases. */
export const CONFIDENCE_PERCENT = 95;
const UNLIKELY = 1 - CONFIDENCE_PERCENT / 100;
/** Halvings until a rate is as exact as numbers are. */
const HALVINGS = 60;

/**
 * The highest rate of failures with which so few would still be seen, at 95 % confidence, from 0 to 1: the upper limit of
 * C. J. Clopper and E. S. Pearson (Biometrika 26, 1934); scipy's `binomtest(…, alternative='less').proportion_ci`.
 */
export function highestRate({ runs, failed }: Counts): number {
  if (failed >= runs) return 1;
  let [low, high] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const rate = (low + high) / 2;
    if (chanceOfAtMost(failed, runs, rate) > UNLIKELY) low = rate;
    else high = rate;
  }
  return high;
}

/** That at most so many of all fail, at a rate between 0 and 1. */
function chanceOfAtMost(failed: number, runs: number, rate: number): number {
  let sum = 0;
  let logWays = 0;
  for (let count = 0; count <= failed; count += 1) {
    sum += Math.exp(logWays + count * Math.log(rate) + (runs - count) * Math.log1p(-rate));
    logWays += Math.log((runs - count) / (count + 1));
  }
  return sum;
}
