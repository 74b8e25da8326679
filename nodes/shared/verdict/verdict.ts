import type { Evidence } from './counts';
import { upperTail } from './fisher';
import { toNumber } from './fraction';
import { type Decision, hasControl, judge } from './judge';
import type { Rule } from './rules';
import { sentenceOf } from './sentence';

/** What is said of a candidate, with what it rests on. */
export interface Verdict {
  readonly decision: Decision;
  /** One row for each release. */
  readonly table: ReadonlyArray<{ release: 'candidate' | 'live'; failed: number; succeeded: number }>;
  /** How likely it is that chance does as much to a candidate that is as good; null where there is no control. */
  readonly p: number | null;
  /** All of it in words, with what could not have been seen. */
  readonly sentence: string;
}

/** Gives a verdict where the rule has one; undefined where it goes on. `isOver`: no more runs are waited for. */
export function verdictOn(evidence: Evidence, rule: Rule, isOver: boolean): Verdict | undefined {
  const decision = judge(evidence, rule, isOver);
  return decision && told(evidence, rule, decision);
}

/** Words a decision that was taken elsewhere, from the counts that it was taken by. */
export function told(evidence: Evidence, rule: Rule, decision: Decision): Verdict {
  const { candidate, control } = evidence;
  const p = hasControl(evidence, rule) ? toNumber(upperTail(evidence)) : null;
  return {
    decision,
    table: [
      { release: 'candidate', failed: candidate.failed, succeeded: candidate.runs - candidate.failed },
      { release: 'live', failed: control.failed, succeeded: control.runs - control.failed },
    ],
    p,
    sentence: sentenceOf(evidence, rule, decision, p),
  };
}
