import type { RunResult } from '../contract/facts';
import type { ReleaseId } from '../contract/names';
import type { ArgumentsOf } from '../contract/verbs';
import type { ExecutorClient } from '../executor/client';
import type { StepLog } from './steps';

export type CheckType = 'compile' | 'json' | 'python' | 'command';
export type CheckPhase = 'before' | 'after';

/** Something that must hold for a release to go live. */
export interface Check {
  type: CheckType;
  name: string;
  /** For `python`: the code. */
  code?: string;
  /** For `command`: program and arguments, split like a shell would but run without one. */
  command?: string;
  when: CheckPhase | 'both';
  timeoutSeconds: number;
  /** Added to the environment of the check's process. */
  environment: Record<string, string>;
}

/** How one check went. */
export interface CheckResult {
  name: string;
  type: CheckType;
  when: CheckPhase;
  passed: boolean;
  durationMs: number;
  /** What it printed, with what was left out said in the middle. */
  output: string;
  /** Why it did not pass, such as `exit code 1`, `ModuleNotFoundError: No module named 'x' (exit code 1)` or `no end within 60 s`; absent when it passed. */
  reason?: string;
}

const ALWAYS_BEFORE: Check[] = [
  { type: 'compile', name: 'Python files compile', when: 'before', timeoutSeconds: 600, environment: {} },
  { type: 'json', name: 'JSON files are well-formed', when: 'before', timeoutSeconds: 600, environment: {} },
];

/** The checks of one phase in their order: `compile` and `json` come first, before the switch, even when none is listed. */
export function checksFor(phase: CheckPhase, listed: readonly Check[]): Check[] {
  const chosen = listed.filter((check) => check.when === phase || check.when === 'both');
  if (phase === 'after') return chosen;
  const missing = ALWAYS_BEFORE.filter((always) => !chosen.some((check) => check.type === always.type));
  return [...missing, ...chosen];
}

/**
 * Sends the checks as part of `group`: they run one after the other, and after the first that does not pass nothing
 * else of the group is carried out.
 *
 * Resolves with the results up to and including that one; rejects when a check could not be run at all.
 */
export async function runChecks(
  client: ExecutorClient,
  release: ReleaseId,
  phase: CheckPhase,
  checks: readonly Check[],
  group: number,
  log: StepLog,
): Promise<CheckResult[]> {
  const answers = await Promise.allSettled(
    checks.map((check) =>
      client.call('run', runArguments(check, release), {
        group,
        required: true,
        onOutput: log.outputOf(check.name),
      }),
    ),
  );
  const results: CheckResult[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'rejected') throw answer.reason;
    results.push(toResult(checks[index], phase, answer.value));
    if (!answer.value.passed) break;
  }
  return results;
}

/** The check that kept a release from going live, if one did. */
export function notPassed(results: readonly CheckResult[]): CheckResult | undefined {
  return results.find((result) => !result.passed);
}

function runArguments(check: Check, release: ReleaseId): ArgumentsOf<'run'> {
  const { timeoutSeconds, environment } = check;
  if (check.type === 'python')
    return { release, timeoutSeconds, environment, kind: 'python', code: check.code ?? '' };
  if (check.type === 'command') {
    return { release, timeoutSeconds, environment, kind: 'command', command: check.command ?? '' };
  }
  return { release, kind: check.type };
}

function toResult(check: Check, when: CheckPhase, run: RunResult): CheckResult {
  const { passed, durationMs, output } = run;
  const result: CheckResult = { name: check.name, type: check.type, when, passed, durationMs, output };
  if (!passed) result.reason = reasonOf(check, run);
  return result;
}

function reasonOf(check: Check, run: RunResult): string {
  if (run.timedOut) return `no end within ${check.timeoutSeconds} s`;
  if (run.signal) return `ended by ${run.signal}`;
  if (check.type === 'compile' || check.type === 'json') return run.output.split('\n')[0];
  if (run.exitCode === null) return 'not started';
  const raised = raisedIn(run.output);
  return raised ? `${raised} (exit code ${run.exitCode})` : `exit code ${run.exitCode}`;
}

const TRACEBACK = 'Traceback (most recent call last):';
const MOST_CHARACTERS = 200;

/** The exception that ended a Python program, as the last line of its traceback has it. */
function raisedIn(output: string): string | undefined {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  if (!output.includes(TRACEBACK) || !/^[A-Za-z_][\w.]*(: |$)/.test(last)) return undefined;
  return last.length > MOST_CHARACTERS ? `${last.slice(0, MOST_CHARACTERS)}…` : last;
}
