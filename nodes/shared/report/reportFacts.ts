import type { DeployError } from '../errors';
import type { SwitchResult } from '../release/result';

/** What a report tells: a result, or as much of one as was known when an operation stopped. */
export interface ReportFacts extends Partial<Omit<SwitchResult, 'status' | 'release'>> {
  outcome: SwitchResult['status'] | 'stopped';
  /** What is live now; null: nothing, undefined: not known. */
  live?: string | null;
  /** The release that did not go live. */
  attempted?: string;
  /** Where it stopped. */
  step?: string;
  /** Why it stopped, and what to do next. */
  message?: string | undefined;
  description?: string | undefined;
  /** Who ran it, and when: for the last line. */
  workflow?: string | undefined;
  execution?: string | undefined;
  /** ISO 8601. */
  at: string;
}

type Circumstances = Pick<ReportFacts, 'at' | 'workflow' | 'execution'>;

/** The facts of an operation that did what was asked. */
export function factsOfResult(result: SwitchResult, circumstances: Circumstances): ReportFacts {
  const { status, release, ...rest } = result;
  return { ...rest, outcome: status, live: release, ...circumstances };
}

/** The facts of one that did not go live. */
export function factsOfStopped(error: DeployError, circumstances: Circumstances): ReportFacts {
  const { message, description } = error;
  // The details of such an error have the fields of a result, as far as they are known; see `operations/attempt.ts`.
  const details = error.details as Partial<ReportFacts>;
  return { ...details, outcome: 'stopped', message, description, ...circumstances };
}

/** A name for the report's file that is one on every system. */
export function reportName({ attempted, live, outcome }: ReportFacts): string {
  const about = (outcome === 'stopped' ? attempted : live) ?? live ?? 'report';
  return `hot-deploy-${about.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100)}.html`;
}
