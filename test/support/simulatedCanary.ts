import type { Evidence } from '../../nodes/shared/verdict/counts';
import { type Decision, judge } from '../../nodes/shared/verdict/judge';
import { canaryRule, type Rule } from '../../nodes/shared/verdict/rules';

/** What a canary is tried with: rates of failures and the candidate's share of the runs, from 0 to 1. */
export interface Trial {
  readonly minimumRuns: number;
  readonly share: number;
  readonly liveRate: number;
  readonly candidateRate: number;
}

/** How one ended, and after how many runs of the candidate. */
export interface Ended {
  readonly decision: Decision;
  readonly runs: number;
}

const MODULUS = 2 ** 31 - 1;
const MULTIPLIER = 48_271;

/**
 * Numbers between 0 and 1 that look random, the same ones for the same seed: Lehmer's generator, with the constants of
 * S. K. Park, K. W. Miller and P. K. Stockmeyer (Communications of the ACM 36, 1993).
 */
export function seededRandom(seed: number): () => number {
  let state = 1 + (Math.abs(seed) % (MODULUS - 1));
  return () => {
    state = (state * MULTIPLIER) % MODULUS;
    return state / MODULUS;
  };
}

/** Canaries with one rule: each run is the candidate's by chance, and fails by chance; looked at after each of its runs. */
export function canaries(trial: Trial, count: number, random: () => number): Ended[] {
  const rule = canaryRule(trial.minimumRuns);
  const decide = remembered(rule);
  return Array.from({ length: count }, () => canary(trial, decide, random));
}

function canary({ share, liveRate, candidateRate }: Trial, decide: Judge, random: () => number): Ended {
  const candidate = { runs: 0, failed: 0 };
  const control = { runs: 0, failed: 0 };
  for (;;) {
    const isCandidate = random() < share;
    const arm = isCandidate ? candidate : control;
    arm.runs += 1;
    if (random() < (isCandidate ? candidateRate : liveRate)) arm.failed += 1;
    const decision = isCandidate ? decide({ candidate, control }) : undefined;
    if (decision !== undefined) return { decision, runs: candidate.runs };
  }
}

type Judge = (evidence: Evidence) => Decision | undefined;

/** The same counts come again and again. */
function remembered(rule: Rule): Judge {
  const known = new Map<string, Decision | undefined>();
  return (evidence) => {
    const { candidate, control } = evidence;
    if (candidate.failed === 0) return judge(evidence, rule, false);
    const key = `${candidate.runs} ${candidate.failed} ${control.runs} ${control.failed}`;
    if (!known.has(key)) known.set(key, judge(evidence, rule, false));
    return known.get(key);
  };
}
