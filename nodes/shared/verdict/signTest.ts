import { choose, type Fraction } from './fraction';

/**
 * The sign test, one-sided: how likely it is that of so many pairs that differ, so many or more do in one direction, were
 * both equally likely. scipy's `binomtest(wins, pairs, 0.5, 'greater')`.
 */
export function signTest(wins: number, pairs: number): Fraction {
  let sum = 0n;
  let ways = choose(pairs, wins);
  for (let count = wins; count <= pairs; count += 1) {
    sum += ways;
    // In how many ways one more is chosen.
    ways = (ways * BigInt(pairs - count)) / BigInt(count + 1);
  }
  return { numerator: sum, denominator: 1n << BigInt(pairs) };
}
