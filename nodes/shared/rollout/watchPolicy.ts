import { type Rule, watchRule } from '../verdict/rules';

/** How long and by what a release is watched after its switch. */
export interface WatchPolicy {
  readonly watchSeconds: number;
  /** With fewer runs it is never called good. */
  readonly minimumRuns: number;
  /** Between two rounds of checks. */
  readonly checkSeconds: number;
}

/** Between two rounds of checks, where nobody says otherwise. */
export const CHECK_SECONDS = 30;

/** By which runs are judged: all of them get the release, and what ran before, where anything did, is the control. */
export function ruleOf({ minimumRuns }: WatchPolicy): Rule {
  return watchRule(minimumRuns);
}
