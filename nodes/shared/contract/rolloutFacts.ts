/** What is said of a release that is watched after its switch. */
import { LONGEST_WORD } from './limits';
import { releaseId } from './names';
import { kindName, moment, words } from './plainTexts';
import { count, flag, matching, number, oneOf, optional, orNull, record, tuple, type TypeOf } from './shape';

/** Of one rollout, drawn at random. */
export const rolloutId = matching<string>('[0-9a-f]{16}', LONGEST_WORD);

const counts = record({ runs: count, failed: count });
const share = tuple(count, count);

/** By what is decided: see `verdict`. */
export const rule = record({
  minimumRuns: count,
  mostRuns: count,
  abort: record({ failures: count, controlRuns: count, p: share }),
  promote: record({ p: share }),
  alone: orNull(record({ failures: count, share })),
});

/** How the last round of checks ended: with the first that did not pass, or the last one. */
const watchedCheck = record({
  name: words,
  passed: flag,
  output: orNull(words),
  exitCode: optional(orNull(number)),
});

/** How a rollout ended. */
const rolloutEnd = record({
  at: moment,
  /** `guard`: by itself; `person`: by Promote or Abort; `next`: the next operation, since the guard had gone; `switch`: another release went live. */
  by: oneOf('guard', 'person', 'next', 'switch'),
  decision: optional(oneOf('promote', 'abort', 'inconclusive')),
  /** The counts that it was decided by. */
  evidence: optional(record({ candidate: counts, control: counts })),
  check: optional(orNull(watchedCheck)),
  /** The log with more lines than it may have that hold its text, and the last of them. */
  log: optional(record({ place: words, count, limit: count, said: words })),
  /** What kept it from going back, as a refusal’s kind. */
  failed: optional(kindName),
  /** For `switch`: what went live; null for plain files. */
  release: optional(orNull(releaseId)),
});

/** A release on its way to being confirmed over time. */
export const rollout = record({
  id: rolloutId,
  state: oneOf('watching', 'promoted', 'aborted', 'inconclusive', 'superseded'),
  release: releaseId,
  /** What was confirmed last. */
  fallback: releaseId,
  startedAt: moment,
  until: moment,
  rule,
  /** One vote for each distinct input. */
  candidate: counts,
  control: counts,
  /** Runs that somebody stopped. */
  unknown: count,
  check: optional(orNull(watchedCheck)),
  /** Whether nobody is there any more who decides. */
  overdue: flag,
  /** Whether the guard goes on when n8n ends, were it n8n’s own machine. */
  survives: flag,
  ended: optional(orNull(rolloutEnd)),
});
export type Rollout = TypeOf<typeof rollout>;
