import type { EnvironmentResult } from '../contract/facts';
import type { RecordedDependencies } from '../contract/records';
import { DeployError } from '../errors';
import { EXPLANATIONS } from './explanations';

/** Lines of the installer's output that a message's description ends with. */
const LAST_LINES = 15;

/** Signals that end programs from outside. */
const SIGNALS: Readonly<Record<number, string>> = {
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/**
 * Says in one sentence why packages could not be installed, with the end of the installer's output in the description
 * and the whole, as far as it was kept, in the details.
 */
export function explainInstallation(
  { run, installer }: EnvironmentResult,
  { file, mode }: RecordedDependencies,
  timeoutSeconds: number,
): DeployError {
  const output = run?.output ?? '';
  const name = installer?.name ?? 'pip';
  const { sentence, next } = explain(run, name, timeoutSeconds, mode);
  const shown = lastLines(output);
  return new DeployError('DEPENDENCIES', `The packages of ${file} could not be installed: ${sentence}`, {
    description: shown ? `${next}\n\n${shown}` : next,
    details: {
      stage: run?.stage,
      installer: name,
      exitCode: run?.exitCode ?? null,
      signal: run ? signalOf(run) : null,
      output,
    },
  });
}

function explain(
  run: EnvironmentResult['run'],
  name: string,
  timeoutSeconds: number,
  mode: RecordedDependencies['mode'],
): { sentence: string; next: string } {
  if (!run) return { sentence: `${name} was not started.`, next: 'Run it again.' };
  if (run.timedOut) {
    return {
      sentence: `${name} did not end within ${timeoutSeconds} s.`,
      next: 'Raise Install Timeout (Seconds), or ship wheels with the release so that nothing has to be built.',
    };
  }
  const signal = signalOf(run);
  if (signal) {
    const memory = signal === 'SIGKILL' ? ' Most often the machine ran out of memory.' : '';
    return {
      sentence: `${name} was ended by ${signal}.${memory}`,
      next: 'Look at the engine’s machine (free memory, its log), then run it again.',
    };
  }
  if (run.stage === 'check' && mode === 'virtualEnvironment') {
    return {
      sentence: `the packages don’t fit together: ${firstComplaint(run.output)}`,
      next: 'Change the requirements so that “pip check” has nothing to say.',
    };
  }
  for (const { pattern, says, next } of EXPLANATIONS) {
    const match = pattern.exec(run.output);
    if (match) return { sentence: says(match, run.output), next };
  }
  return {
    sentence: `${name} ended with exit code ${run.exitCode}.`,
    next: 'Its last lines say why.',
  };
}

/**
 * What ended a program. pip installs elsewhere through a second process; that one's end is its exit code: the signal's
 * number below 256, or above 128 as shells have it.
 */
function signalOf({ signal, exitCode }: NonNullable<EnvironmentResult['run']>): string | null {
  return signal ?? SIGNALS[256 - (exitCode ?? 0)] ?? SIGNALS[(exitCode ?? 0) - 128] ?? null;
}

/** The line of “pip check” that matters: what does not fit, or of a defect of its own the last one. */
export function firstComplaint(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const said = lines.find((line) =>
    /requires|has requirement|is not supported|different platform|incompatible/i.test(line),
  );
  return sentence(said ?? lines.filter(Boolean).at(-1) ?? 'see the output.');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LAST_LINES).join('\n').trim();
}
