/** What is written down on the engine's side, and read again. */
import {
  commitId,
  entrypoint,
  environmentKey,
  insidePath,
  releaseId,
  repositoryAddress,
  topLevelName,
} from './names';
import { EVERY_FILE, LONGEST_WORD, MANY, MOST_SHARED } from './limits';
import {
  count,
  flag,
  list,
  matching,
  oneOf,
  optional,
  orDropped,
  orNull,
  record,
  tuple,
  type TypeOf,
} from './shape';
import { kindName, moment, path, words } from './plainTexts';

const patterns = list(words, 1000);
const everyPath = list(path, EVERY_FILE);

/** A digest in lower case; empty for a directory. */
export const hexadecimal = matching<string>('[0-9a-f]*', LONGEST_WORD * 2);

/** Where a version came from, as outputs and a release's record show it. */
const sourceDescription = record({
  /** `directory`, `binary`, `git`, `release`, `backup` or `adopted`. */
  type: kindName,
  /** The directory, the archive's file name, or the Git reference. */
  reference: optional(words),
  /** For Git. */
  commit: orDropped(commitId),
  /** Address of the repository, for Git. */
  repository: orDropped(repositoryAddress),
  /** Directory of the repository that was taken, for Git; absent for its top. */
  subdirectory: orDropped(insidePath),
});
export type SourceDescription = TypeOf<typeof sourceDescription>;

/** How a release's dependencies were asked for, without what is secret or decides nothing. Its order counts in the key. */
export const recordedOptions = record({
  installer: oneOf('auto', 'pip', 'uv'),
  requirements: words,
  constraints: words,
  indexUrl: words,
  extraIndexUrls: list(words, MANY),
  findLinks: list(words, MANY),
  noIndex: flag,
  requireHashes: flag,
});
export type RecordedOptions = TypeOf<typeof recordedOptions>;

/** How runs are to be pinned: in place where that can be had, or in one way; `inside`: in the release, and working there. */
export const PINNINGS = ['auto', 'place', 'code', 'release', 'inside'] as const;
export type Pinning = (typeof PINNINGS)[number];
const pinning = oneOf(...PINNINGS);

/** What a release needs to run. Nothing of it is secret. */
const recordedDependencies = record({
  mode: oneOf('virtualEnvironment', 'interpreter', 'none'),
  /** The file to install from, such as `requirements.txt`; null when the release has none. */
  file: orNull(path),
  /** Whether there is anything to install. */
  installs: flag,
  /** Path and digest of every file that is reached from it: requirements, constraints, local packages. */
  files: list(tuple(path, hexadecimal), MANY),
  /** See `environmentKey`; null when there is nothing to install. */
  key: orNull(environmentKey),
  options: recordedOptions,
});
export type RecordedDependencies = TypeOf<typeof recordedDependencies>;

/** What of a release's record an operation says; see {@link releaseRecord}. */
export const recordedFields = {
  state: optional(kindName),
  sequence: optional(count),
  source: optional(sourceDescription),
  /** A later source that was found to hold the very same, such as a commit that changed other files. */
  sameContent: orDropped(sourceDescription),
  /** `contentDigest` of what the patterns own. Absent on a release made from plain files before it was compared. */
  digest: optional(orNull(hexadecimal)),
  entrypoint: orDropped(entrypoint),
  /** How its runs are pinned, where that was asked for. */
  pinning: orDropped(pinning),
  include: optional(patterns),
  exclude: optional(patterns),
  /** Patterns of what belongs to the host inside of deployed directories, as they were asked for. */
  shared: optional(patterns),
  /** Those of them that are paths; a directory that is made where it is missing ends in a slash. */
  sharedPaths: optional(list(insidePath, MOST_SHARED)),
  /** Directories in which something is shared: real ones, with a link for each name that is deployed. */
  folders: optional(list(insidePath, MOST_SHARED)),
  /** Files that the checks of these kinds do not look at. */
  spared: optional(record({ compile: optional(everyPath), json: optional(everyPath) })),
  /** Absent on a release that was adopted, or made without dependencies. */
  dependencies: orDropped(recordedDependencies),
};

/** What is recorded about a release, beside it. */
export const releaseRecord = {
  ...recordedFields,
  release: releaseId,
  /** Order of creation on this engine; counts up and is never reused. */
  sequence: count,
  /** `candidate` until its checks passed, then `ready`. */
  state: kindName,
  /** ISO 8601, UTC. */
  createdAt: moment,
  source: sourceDescription,
  /** Top-level names; of a release in a list, the first ones. */
  names: list(topLevelName, EVERY_FILE),
  files: count,
  bytes: count,
};
export const recordOfRelease = record(releaseRecord);
export type ReleaseRecord = TypeOf<typeof recordOfRelease>;

/** Who asks for the lock, shown to others while it is held, and written into the history. */
export const holder = record({
  workflow: orDropped(words),
  execution: orDropped(words),
  operation: orDropped(words),
  /** Name or address of the person whose n8n account ran it, where n8n tells. */
  user: orDropped(words),
  /** Whether an AI agent asked for it. */
  agent: orDropped(flag),
  since: orDropped(moment),
  processId: orDropped(count),
});
export type Holder = TypeOf<typeof holder>;
