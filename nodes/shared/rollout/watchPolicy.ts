import { type Rule, watchRule } from '../verdict/rules';

/** A log whose lines are counted that hold a text. */
export interface WatchedLog {
  /** As people wrote it. */
  readonly name: string;
  /** From the base path on, or absolute. */
  readonly path?: string;
  /** A program that prints it, and its arguments. */
  readonly command?: readonly string[];
  readonly text: string;
  /** So many are let pass. */
  readonly limit: number;
}

/** How long and by what a release is watched after its switch. */
export interface WatchPolicy {
  readonly watchSeconds: number;
  /** With fewer runs it is never called good. */
  readonly minimumRuns: number;
  /** Between two rounds of checks. */
  readonly checkSeconds: number;
  readonly logs: readonly WatchedLog[];
}

/** Between two rounds of checks, where nobody says otherwise. */
export const CHECK_SECONDS = 30;

/** By which runs are judged: all of them get the release, and what ran before, where anything did, is the control. */
export function ruleOf({ minimumRuns }: WatchPolicy): Rule {
  return watchRule(minimumRuns);
}
