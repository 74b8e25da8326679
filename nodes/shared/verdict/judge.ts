import type { Counts, Evidence } from './counts';
import { upperTail } from './fisher';
import { isAtMost } from './fraction';
import type { Rule } from './rules';

/** `inconclusive`: a person decides. */
export type Decision = 'promote' | 'abort' | 'inconclusive';

/**
 * Decides on a candidate, after each of its runs; undefined where it goes on. `isOver`: no more runs are waited for.
 * `executor/hot_deploy/verdict.py` does the same, for when n8n is not there.
 */
export function judge(evidence: Evidence, rule: Rule, isOver: boolean): Decision | undefined {
  if (isWorse(evidence, rule)) return 'abort';
  if (isGood(evidence, rule)) return 'promote';
  return isOver || evidence.candidate.runs >= rule.mostRuns ? 'inconclusive' : undefined;
}

/** Whether there are enough other runs to compare with. */
export function hasControl({ control }: Evidence, { abort }: Rule): boolean {
  return control.runs >= abort.controlRuns;
}

function isWorse(evidence: Evidence, rule: Rule): boolean {
  const { candidate } = evidence;
  if (!hasControl(evidence, rule)) return rule.alone !== null && failsAlone(candidate, rule.alone);
  return candidate.failed >= rule.abort.failures && isAtMost(upperTail(evidence), rule.abort.p);
}

function failsAlone({ runs, failed }: Counts, { failures, share }: NonNullable<Rule['alone']>): boolean {
  return failed >= failures && failed * share[1] >= runs * share[0];
}

function isGood(evidence: Evidence, rule: Rule): boolean {
  const { candidate } = evidence;
  if (candidate.runs < rule.minimumRuns) return false;
  if (candidate.failed === 0) return true;
  // With nothing to compare with, failures are as likely as anything.
  return hasControl(evidence, rule) && !isAtMost(upperTail(evidence), rule.promote.p);
}
