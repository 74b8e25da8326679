import type { Counts, Evidence } from './counts';
import type { Limit } from './fraction';
import { CONFIDENCE_PERCENT, highestRate } from './highestRate';
import type { Decision } from './judge';
import { percent } from './percent';
import type { Rule } from './rules';

/** A verdict in words. `p`: null where there was no control. */
export function sentenceOf(evidence: Evidence, rule: Rule, decision: Decision, p: number | null): string {
  const { candidate } = evidence;
  const why = { abort: whyAborted, promote: whyPromoted, inconclusive: whyInconclusive }[decision];
  const said = `${seen(evidence)}${why(evidence, rule, p)}.`;
  return decision === 'abort' || candidate.runs === 0 ? said : `${said} ${unseen(candidate)}`;
}

function seen({ candidate, control }: Evidence): string {
  const live = control.runs === 0 ? '' : `, and ${some(control)} of the live release`;
  return `${capitalised(some(candidate))} of the candidate failed${live}`;
}

function whyAborted(_: Evidence, { abort, alone }: Rule, p: number | null): string {
  if (p === null) {
    const share = alone ? percent(ratio(alone.share)) : '';
    return `; with no other runs to compare with, ${alone?.failures} failures and ${share} are the limit`;
  }
  return `; were it as good, chance would do that in ${percent(p)} of all cases, and the limit is ${percent(ratio(abort.p))}`;
}

function whyPromoted({ candidate }: Evidence, { promote }: Rule, p: number | null): string {
  if (candidate.failed === 0 || p === null) return '';
  return `; were it as good, chance would do that in ${percent(p)} of all cases, more than ${percent(ratio(promote.p))}`;
}

function whyInconclusive({ candidate }: Evidence, { minimumRuns }: Rule, p: number | null): string {
  if (candidate.runs < minimumRuns) return `; a verdict takes ${minimumRuns} runs of it at least`;
  if (p === null) return '; there are too few other runs to compare with';
  return `; were it as good, chance would do that in ${percent(p)} of all cases: too seldom to call it good, too often to call it bad`;
}

/** What could not have been seen: few runs prove little. */
function unseen(candidate: Counts): string {
  const rate = highestRate(candidate);
  const runs = `${candidate.runs.toLocaleString('en')} ${candidate.failed === 0 ? 'clean ' : ''}${plural(candidate.runs)}`;
  return rate === 1
    ? 'That says nothing of how often it would fail.'
    : `${runs} rule out a failure rate above ${percent(rate)}, at ${CONFIDENCE_PERCENT} % confidence.`;
}

function some({ runs, failed }: Counts): string {
  return `${failed === 0 ? 'none' : failed.toLocaleString('en')} of ${runs.toLocaleString('en')} ${plural(runs)}`;
}

const plural = (runs: number): string => (runs === 1 ? 'run' : 'runs');
const capitalised = (text: string): string => text[0]?.toUpperCase() + text.slice(1);
const ratio = ([above, below]: Limit): number => above / below;
