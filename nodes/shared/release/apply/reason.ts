import type { RunResult } from '../../contract/facts';
import type { Check } from '../checks';

/** Why a check did not pass, in words that complete a sentence. */
export function reasonOf({ type, timeoutSeconds }: Check, run: RunResult): string {
  if (run.timedOut) return `no end within ${timeoutSeconds} s`;
  if (run.signal) return `ended by ${run.signal}`;
  if (type === 'compile' || type === 'json') return firstLine(run.output);
  if (run.exitCode === null) return 'not started';
  if (type === 'http') return lastLine(run.output);
  const raised = raisedIn(run.output);
  return raised ? `${raised} (exit code ${run.exitCode})` : `exit code ${run.exitCode}`;
}

function firstLine(output: string): string {
  const [first = ''] = output.split('\n', 1);
  return first;
}

function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? '';
}

const TRACEBACK = 'Traceback (most recent call last):';
const MOST_CHARACTERS = 200;

/** The exception that ended a Python program, as the last line of its traceback has it. */
function raisedIn(output: string): string | undefined {
  const last = lastLine(output);
  if (!output.includes(TRACEBACK) || !/^[A-Za-z_][\w.]*(: |$)/.test(last)) return undefined;
  return last.length > MOST_CHARACTERS ? `${last.slice(0, MOST_CHARACTERS)}…` : last;
}
