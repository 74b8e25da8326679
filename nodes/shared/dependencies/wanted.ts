import { createHash } from 'node:crypto';

import type { Hello } from '../contract/messages';
import type { RecordedDependencies, RecordedOptions } from '../contract/records';
import { type DependencyOptions, NO_DEPENDENCIES, REQUIREMENT_FILES } from './installOptions';
import { findRequirements, type ReleaseFiles } from './requirementFiles';

/** A release that runs with what its interpreter has. */
export const NOTHING_WANTED: RecordedDependencies = {
  mode: 'none',
  file: null,
  installs: false,
  files: [],
  key: null,
  options: recordedOptions(NO_DEPENDENCIES),
};

/**
 * What a release of these files needs. Files are read only when they differ from those of `live`.
 *
 * @throws DeployError `INPUT` for requirements that can't be used
 */
export async function wantedDependencies(
  files: ReleaseFiles,
  options: DependencyOptions,
  python: Hello['python'],
  live?: RecordedDependencies,
): Promise<RecordedDependencies> {
  const { mode } = options;
  const recorded = recordedOptions(options);
  if (mode === 'none') return { ...NOTHING_WANTED, options: recorded };
  const same = live && JSON.stringify(live.options) === JSON.stringify(recorded) && stillHas(files, live);
  const { file, installs, files: reached } = same ? live : await findRequirements(files, options);
  return keyed({ mode, file, installs, files: reached, options: recorded, key: null }, python);
}

/** The same dependencies with the key that they have for an interpreter. */
export function keyed(wanted: RecordedDependencies, python: Hello['python']): RecordedDependencies {
  return { ...wanted, key: wanted.installs ? environmentKey(wanted, python) : null };
}

/** Whether two releases need the very same: nothing has to be installed between them. */
export function sameDependencies(
  live: RecordedDependencies | undefined,
  wanted: RecordedDependencies,
): boolean {
  if (!live || !live.installs) return !wanted.installs;
  return live.mode === wanted.mode && live.key === wanted.key;
}

/**
 * Names a set of dependencies: 16 hexadecimal digits of a SHA-256 over every file that is reached, the options, and the
 * interpreter's place, minor version and ABI. A new patch release of the same interpreter keeps its environments.
 */
function environmentKey(
  { file, files, options, mode }: RecordedDependencies,
  python: Hello['python'],
): string {
  const { implementation, version, base, abi } = python;
  const minor = version.split('.').slice(0, 2).join('.');
  const facts = [1, mode, file, files, options, implementation, minor, base, abi];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

/** The options without what is secret or decides nothing. */
export function recordedOptions(options: DependencyOptions): RecordedOptions {
  const {
    installer,
    requirements,
    constraints,
    indexUrl,
    extraIndexUrls,
    findLinks,
    noIndex,
    requireHashes,
  } = options;
  // In this order: environments that exist are named by it.
  return {
    installer,
    requirements,
    constraints,
    indexUrl,
    extraIndexUrls,
    findLinks,
    noIndex,
    requireHashes,
  };
}

function stillHas({ entries }: ReleaseFiles, live: RecordedDependencies): boolean {
  if (!live.file) return false;
  const digests = new Map(entries.map(({ path, digest }) => [path, digest]));
  // A lock that is new takes precedence: everything has to be looked at again.
  const chosen = REQUIREMENT_FILES.find((name) => digests.has(name));
  if (!live.options.requirements && chosen !== live.file) return false;
  // A directory that is reached may have gained files.
  return live.files.every(([path, digest]) => !path.includes('/') && digests.get(path) === digest);
}

/** Going back to a release does not touch what was installed into the interpreter. */
export function isLeftAlone({ mode, installs }: RecordedDependencies, keep: boolean): boolean {
  return keep && installs && mode === 'interpreter';
}
