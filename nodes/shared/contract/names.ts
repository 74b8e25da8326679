/**
 * The names that are used as such on the engine's side. Each is parsed in one place, from then on its type says that it
 * was checked. The patterns are read by Python, too: a rule that is written here holds on both sides.
 */
import { DeployError } from '../errors';
import { PINNED_PREFIX, RESERVED_NAMES } from './reservedNames';
import { LONGEST_WORD, LONGEST_WORDS } from './limits';
import { matching } from './shape';

declare const named: unique symbol;
type Named<N extends string> = string & { readonly [named]: N };

/** Absolute path of an engine's directory on its side, such as `/app`. */
export type BasePath = Named<'BasePath'>;
/**
 * Path, from the base path on, of the file that starts the engine, such as `run.py` or `scripts/report.py`; several have
 * commas between.
 * Empty for an engine that has none, such as one that is started by `python3 -m package`.
 */
export type Entrypoint = Named<'Entrypoint'>;
/** Id of a release: UTC time, the first 7 digits of its content's digest, and a number where that was taken. */
export type ReleaseId = Named<'ReleaseId'>;
/** Full id of a Git commit: 40 or 64 lower-case hexadecimal digits. */
export type CommitId = Named<'CommitId'>;

const END = '(?![\\s\\S])';
const asPattern = (name: string) => name.replaceAll('.', '\\.');
const NOT_OURS = ['\\.', '\\.\\.', ...RESERVED_NAMES.map(asPattern)];

/** Absolute, not the root, and never up again. */
export const basePath = matching<BasePath>(
  `(?![\\s\\S]*/\\.\\.(?:/|${END}))(?=[\\s\\S]*/(?!\\.?(?:/|${END})))/[^\\0]*`,
  LONGEST_WORDS,
);
/** Stays inside of the base path, and out of what is ours. */
const ONE_ENTRYPOINT = `(?!${asPattern(PINNED_PREFIX)}|(?:${NOT_OURS.join('|')})(?:[,/]|${END}))[^/,\\0]+(?:/(?!\\.{1,2}(?:[,/]|${END}))[^/,\\0]+)*`;
export const entrypoint = matching<Entrypoint>(
  `(?:${ONE_ENTRYPOINT}(?:,${ONE_ENTRYPOINT})*)?`,
  LONGEST_WORDS,
);
export const releaseId = matching<ReleaseId>('[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?', LONGEST_WORD);
export const commitId = matching<CommitId>('[0-9a-f]{40}(?:[0-9a-f]{24})?', LONGEST_WORD);
/** Name of a virtual environment: the key of what is in it, and a number where that name was taken. */
export const environmentName = matching<string>('[0-9a-f]{16}(?:-[0-9]+)?', LONGEST_WORD);
export const environmentKey = matching<string>('[0-9a-f]{16}', LONGEST_WORD);
/** Id of a run that the Run node started. */
export const runId = matching<string>('[0-9a-f]{16}', LONGEST_WORD);
/** Name of an archive in `backups`. */
export const backupName = matching<string>('[A-Za-z0-9][A-Za-z0-9._-]*\\.(?:tar\\.gz|tgz|tar)', 1024);
/** Name of a file or directory at the top of the base path. */
export const topLevelName = matching<string>(`(?!\\.{1,2}${END})[^/\\0]+`, 255 * 4);
/** A path that stays inside of where it begins. */
export const insidePath = matching<string>(
  `(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|${END}))[^\\0]+`,
  LONGEST_WORDS,
);
/** Address of a repository as outputs have it: without what could be secret in it. */
export const repositoryAddress = matching<string>(
  // A user without a password, a host and its port, a path.
  '(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?',
  LONGEST_WORDS,
);

/**
 * The base path that somebody gave.
 *
 * @throws DeployError `INPUT` for one that isn't absolute, is the root, or goes up again
 */
export function parseBasePath(given: string): BasePath {
  return (
    accepted(basePath, given) ??
    refused(
      `Base Path ${JSON.stringify(given)} can't be used. Give the absolute path of the engine's directory, such as /app.`,
    )
  );
}

/**
 * The entrypoint that somebody gave.
 *
 * @param given one name, or several with commas or line ends between; empty for none
 * @throws DeployError `INPUT` for what isn't the path of a file in the base path, where the launcher can stand
 */
export function parseEntrypoint(given: string): Entrypoint {
  const names = given
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return (
    accepted(entrypoint, [...new Set(names)].join(',')) ??
    refused(
      `Entrypoint ${JSON.stringify(given)} can't be used. Name the file that starts the engine by its path from the base path on, such as run.py or scripts/report.py, or several with commas between; leave it empty where there is none.`,
    )
  );
}

/** The single names of an {@link Entrypoint}, in their order; none where it is empty. */
export function entrypointNames(entrypoint: Entrypoint): string[] {
  return entrypoint === '' ? [] : entrypoint.split(',');
}

/**
 * The release that somebody chose.
 *
 * @throws DeployError `INPUT` for what has not the form of an id
 */
export function parseReleaseId(given: string): ReleaseId {
  return (
    accepted(releaseId, given) ??
    refused(
      `Release ${JSON.stringify(given)} is not a release id such as 20261123-171501-3f2a9c1.`,
      'Choose one from the list; Get Many Releases shows which are kept.',
    )
  );
}

/** The release's id that a text is, or undefined where it is none. */
export function asReleaseId(given: string): ReleaseId | undefined {
  return accepted(releaseId, given);
}

/** The commit's id that a text is, or undefined where it is none. */
export function asCommitId(given: string): CommitId | undefined {
  return accepted(commitId, given);
}

function accepted<T>(shape: { parse(value: unknown, where: string): T }, given: string): T | undefined {
  try {
    return shape.parse(given, '');
  } catch {
    return undefined;
  }
}

function refused(message: string, description?: string): never {
  throw new DeployError('INPUT', message, { description });
}
