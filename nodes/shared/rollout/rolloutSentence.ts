import type { Rollout } from '../contract/rolloutFacts';
import { printable } from '../text/printable';
import { told } from '../verdict/verdict';

/** How a rollout goes, or ended, in words. */
export function sentenceOfRollout(rollout: Rollout): string {
  const { state, release, fallback, ended } = rollout;
  switch (state) {
    case 'watching':
      return rollout.overdue
        ? `Release ${release} is live, and nobody watches it any more; the next deployment or rollback, Promote or Abort decides. ${soFar(rollout)}`
        : `Release ${release} is live and watched until ${rollout.until}. ${soFar(rollout)}`;
    case 'promoted':
      return `Release ${release} is confirmed. ${why(rollout)}`;
    case 'aborted':
      return `Release ${release} was taken back; ${fallback} is live again. ${why(rollout)}`;
    case 'inconclusive':
      return ended?.failed === undefined
        ? `Release ${release} stays live, and nobody can say whether it is good. ${why(rollout)}`
        : `Release ${release} is bad, and could not be taken back to ${fallback}: Rollback Extraction Engine says why. ${why(rollout)}`;
    case 'superseded':
      return `Release ${release} was watched until ${ended?.release ?? 'a plain directory'} went live.`;
  }
}

function soFar({ candidate, rule }: Pick<Rollout, 'candidate' | 'rule'>): string {
  const { runs, failed } = candidate;
  return `So far ${runs.toLocaleString('en')} runs ended, ${failed === 0 ? 'all of them' : `${(runs - failed).toLocaleString('en')} of them`} well; ${rule.minimumRuns} are the minimum.`;
}

function why({ ended, candidate, control, rule }: Rollout): string {
  if (ended?.by === 'person') return `Somebody decided so. ${soFar({ candidate, rule })}`;
  if (ended?.decision === 'abort' && ended.check) {
    return `Check “${ended.check.name}” did not pass twice in a row${said(ended.check.output)}.`;
  }
  if (ended?.log) {
    const { place, count, limit, said: last } = ended.log;
    return `${count.toLocaleString('en')} ${count === 1 ? 'line' : 'lines'} of ${place}, more than ${limit}${said(last.trim())}`;
  }
  const { sentence } = told(
    ended?.evidence ?? { candidate, control },
    rule,
    ended?.decision ?? 'inconclusive',
  );
  return ended?.by === 'next' ? `${sentence} What watched it had ended before its time.` : sentence;
}

/** What a check or a log said comes from the engine's side. */
function said(line: string | null): string {
  return line ? `: ${printable(line)}` : '';
}
