import { posix } from 'node:path';

import type { EnvironmentResult } from '../contract/facts';
import type { RecordedDependencies } from '../contract/records';
import type { ReleaseId } from '../contract/names';
import type { ArgumentsOf } from '../contract/verbs';
import { DeployError } from '../errors';
import type { Pipeline } from '../executor/pipeline';
import { explainInstallation, firstComplaint } from './explainInstallation';
import type { IndexCredentials } from './installOptions';
import { type PackageChanges, packageChanges } from './packages';
import { isProject } from './requirementFiles';
import { isLeftAlone } from './wanted';

/** The step's name, in outputs and progress. */
export const DEPENDENCY_STEP = 'dependencies';

/** What a release is given to run with. */
export interface DependencyRequest {
  release: ReleaseId;
  wanted: RecordedDependencies;
  /** The release that is live, to compare packages with. */
  live: ReleaseId | null;
  /** Whether the environment that the release has already may stay. */
  keep: boolean;
  /** For everything that has to be run, together. */
  timeoutSeconds: number;
  credentials?: IndexCredentials | undefined;
  /** Gets the programs' output as it comes. */
  onOutput: (text: string) => void;
}

/** What became of a release's dependencies, for the output. */
export interface DependencyResult {
  status: 'reused' | 'built' | 'none';
  /** Name of the directory below `environments`; null without one. */
  environment: string | null;
  durationMs: number;
  /** The requirements file. */
  file?: string | null;
  /** Such as `uv 0.9.1`. */
  installer?: string;
  python?: string;
  packages?: PackageChanges;
  /** What the last program printed, cut in the middle. Absent when none was started. */
  output?: string;
  /** Why this part is not what it should be: neither atomic nor taken back. */
  notice?: string;
}

export const NO_DEPENDENCY_RESULT: DependencyResult = { status: 'none', environment: null, durationMs: 0 };

const NOT_ATOMIC =
  'The packages were installed into the engine’s own interpreter: extractions that run meanwhile see them change, and ' +
  'rolling back does not take them back.';

const NOT_TAKEN_BACK =
  'The packages in the engine’s own interpreter stay as the last deployment left them: they are not taken back.';

/** Asks for a release's dependencies: when they can't be had, what is sent after it is not carried out. */
export function requestDependencies(
  together: Pipeline,
  { release, wanted, live, keep, timeoutSeconds, credentials, onOutput }: DependencyRequest,
): Promise<EnvironmentResult> {
  const mode = wanted.installs && !isLeftAlone(wanted, keep) ? wanted.mode : 'none';
  const args: ArgumentsOf<'environment'> = {
    release,
    mode,
    key: wanted.key,
    installer: wanted.options.installer,
    arguments: installArguments(wanted),
    ...(buildsFromRelease(wanted) && { copied: wanted.files.map(([path]) => path) }),
    timeoutSeconds,
    keep,
    live,
    ...(mode !== 'none' && secretsOf(credentials)),
  };
  return together.call('environment', args, { required: true, onOutput });
}

/** What is said of dependencies that nothing was done about. */
export function nothingProvided(wanted: RecordedDependencies, keep: boolean): DependencyResult {
  return { ...NO_DEPENDENCY_RESULT, ...(isLeftAlone(wanted, keep) && { notice: NOT_TAKEN_BACK }) };
}

/** What is said of dependencies that are there already. */
export function reusedDependencies(
  { file, installs }: RecordedDependencies,
  environment: string | null,
): DependencyResult {
  return { status: installs ? 'reused' : 'none', environment, durationMs: 0, ...(installs && { file }) };
}

/**
 * The result of {@link requestDependencies} as the output has it.
 *
 * @throws DeployError `DEPENDENCIES` when the packages could not be installed: why, and what to do
 */
export function dependencyResult(
  result: EnvironmentResult,
  { wanted, keep }: Pick<DependencyRequest, 'wanted' | 'keep'>,
  timeoutSeconds: number,
): DependencyResult {
  const { status, environment, durationMs, installer, python, packages, before, run } = result;
  if (status === 'none') {
    return {
      ...nothingProvided(wanted, keep),
      ...(before.length > 0 && { packages: packageChanges(before, []) }),
    };
  }
  if (status === 'failed') throw explainInstallation(result, wanted, timeoutSeconds);
  const check = run?.check ? `“pip check” says: ${firstComplaint(run.check)}` : '';
  return {
    status,
    environment,
    durationMs,
    file: wanted.file,
    ...(installer && { installer: [installer.name, installer.version].filter(Boolean).join(' ') }),
    ...(python && { python }),
    ...(wanted.mode === 'virtualEnvironment' && { packages: packageChanges(before, packages) }),
    ...(run && { output: run.output }),
    ...(wanted.mode === 'interpreter' && { notice: [NOT_ATOMIC, check].filter(Boolean).join(' ') }),
    ...(wanted.mode === 'virtualEnvironment' && check !== '' && { notice: check }),
  };
}

/** Whether a package is a directory of the release: building it leaves things there, and needs to be let. */
function buildsFromRelease({ files }: RecordedDependencies): boolean {
  return files.some(([path]) => /(?:^|\/)(?:pyproject\.toml|setup\.py)$/.test(path));
}

/**
 * What follows `pip install` or `uv pip install`: both know these. Each value is in one word with its option, so that it
 * can't be taken for another one, whoever said it.
 */
export function installArguments({
  file,
  options,
}: Pick<RecordedDependencies, 'file' | 'options'>): string[] {
  const { constraints, indexUrl, extraIndexUrls, findLinks, noIndex, requireHashes } = options;
  return [
    ...(noIndex ? ['--no-index'] : []),
    ...(indexUrl ? [`--index-url=${indexUrl}`] : []),
    ...extraIndexUrls.map((url) => `--extra-index-url=${url}`),
    ...findLinks.map((place) => `--find-links=${place}`),
    ...(requireHashes ? ['--require-hashes'] : []),
    ...(constraints ? [`--constraint=${constraints}`] : []),
    file !== null && isProject(file) ? `./${posix.dirname(file)}` : `--requirement=${file ?? ''}`,
  ];
}

/**
 * An index's credentials as a line of a netrc file, which both installers read.
 *
 * @throws DeployError `INPUT` for what such a file can't hold
 */
function secretsOf(
  credentials: IndexCredentials | undefined,
): Pick<ArgumentsOf<'environment'>, 'netrc' | 'secrets'> {
  if (!credentials?.password && !credentials?.username) return {};
  const { url, username, password } = credentials;
  if (!username || !password) {
    throw new DeployError('INPUT', `The package index’s ${username ? 'Password' : 'Username'} is empty.`, {
      description:
        'Enter it in the credential. With an access token the index takes some user name, often __token__.',
    });
  }
  if (/[\s"'\\]/.test(username + password)) {
    throw new DeployError(
      'INPUT',
      'The package index’s Username or Password holds a space, quote or backslash.',
      {
        description: 'pip and uv read them from a netrc file, which can’t hold those. Use an access token.',
      },
    );
  }
  const { hostname } = new URL(url);
  return { netrc: `machine ${hostname} login ${username} password ${password}\n`, secrets: [password] };
}
