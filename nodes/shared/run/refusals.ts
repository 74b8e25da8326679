/** What is said of runs that could not be started, or did not succeed. */
import { DeployError, type DeployErrorCode } from '../errors';
import { shownList } from '../text/shownList';
import type { Ending, RunFacts } from './ending';
import type { RunRequest } from './request';
import type { OutputFile, RunResult } from './runResult';

type NotStarted = NonNullable<RunFacts['failed']>;

/** A run that did not succeed; its details are the whole result. */
export function runFailed({ why, remedy }: Ending, result: RunResult): DeployError {
  const said = lastLines(result.stderr || (result.stdout ?? ''));
  return new DeployError('RUN', why ?? 'The run did not succeed.', {
    description: [remedy, said && `It said last:\n${said}`].filter(Boolean).join('\n') || undefined,
    details: { ...result },
  });
}

const LINES = 15;

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LINES).join('\n');
}

/** A key that was used for something else. */
export function otherRun(key: string): DeployError {
  return new DeployError('INPUT', `Run Key ${JSON.stringify(key)} was used for another run.`, {
    description:
      'A key belongs to what is run: start, arguments, input’s name, release, working directory and environment. Make it of what the run is about, such as {{ $execution.id }}-{{ $itemIndex }}.',
  });
}

/** Nothing was started. */
export function notStarted(
  failed: NotStarted,
  { start, basePath, workingDirectory }: RunRequest,
): DeployError {
  const { said = '', path = '', program = start.name, release = '' } = failed;
  const kinds: Record<string, [DeployErrorCode, string, string?]> = {
    workingDirectory: [
      'INPUT',
      `Working Directory ${JSON.stringify(workingDirectory || path)} can't be entered: ${said}.`,
      'Give a directory that is there, by its path from the base path on, or leave it empty.',
    ],
    programMissing: [
      'NOT_FOUND',
      `${start.name} is not in ${release ? `release ${release}` : basePath}.`,
      'Name the file by its path from the base path on; Get Status says what is live.',
    ],
    notStartable: [
      'NOT_FOUND',
      `${program} can't be started: ${said}.`,
      'See that it is installed where the engine runs and may be executed by that user.',
    ],
    releaseMissing: ['NOT_FOUND', `Release ${release} is not kept here. List the releases to see which are.`],
    launcherSaid: [
      'STEP',
      `The engine can't be started: ${said}.`,
      'Get Status says what is live, and Repair Engine helps.',
    ],
    unusable: [
      'INPUT',
      `An argument or variable can't be passed on: ${said}.`,
      'Remove the character 0 from it.',
    ],
  };
  const known = Object.hasOwn(kinds, failed.failed) ? kinds[failed.failed] : undefined;
  const [code, message, description] = known ?? [
    'STEP',
    `The run could not be started: ${said} ${path}`.trim(),
  ];
  return new DeployError(code, message, { description, details: { status: 'failed' } });
}

/** None, or several, where one file is wanted. */
export function noFile(pattern: string, found: readonly OutputFile[], all: number): DeployError {
  const names = found.map(({ path }) => path);
  return new DeployError(
    'RUN',
    found.length > 0
      ? `File ${pattern} matches ${found.length} files of the output directory: ${shownList(names)}.`
      : `No file of the output directory matches ${pattern}; there are ${all} files in it.`,
    { description: 'Have the engine write into {outputDirectory}, and name the one file that has the JSON.' },
  );
}

/** More than is read. */
export function tooLong({ path, bytes }: OutputFile, most: number): DeployError {
  return new DeployError('RUN', `${path} has ${bytes} bytes. As JSON at most ${most} are read.`, {
    description: 'Take it as a file: Output Files.',
  });
}
