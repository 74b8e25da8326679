import type { Evidence } from './counts';
import { choose, type Fraction } from './fraction';

/**
 * Fisher's exact test, one-sided: how likely it is that of as many failures so many or more fall upon the candidate, were
 * both releases equally good. R. A. Fisher, Statistical Methods for Research Workers (1934), §21.02; scipy's
 * `fisher_exact([[failed, succeeded of the candidate], [… of the control]], 'greater')`.
 */
export function upperTail({ candidate, control }: Evidence): Fraction {
  const failed = candidate.failed + control.failed;
  const runs = candidate.runs + control.runs;
  // Which of the runs fail, or which are the candidate's: the test is the same, and the fewer are chosen sooner.
  const [few, many] = failed < candidate.runs ? [failed, candidate.runs] : [candidate.runs, failed];
  let ways = choose(many, candidate.failed) * choose(runs - many, few - candidate.failed);
  let sum = 0n;
  for (let count = candidate.failed; count <= few; count += 1) {
    sum += ways;
    // From the hypergeometric distribution's one term to the next: exact, since each is a whole number.
    const up = BigInt((many - count) * (few - count));
    const down = BigInt((count + 1) * (runs - many - few + count + 1));
    ways = down === 0n ? 0n : (ways * up) / down;
  }
  return { numerator: sum, denominator: choose(runs, few) };
}
