/** What a look at the engine's side tells. */
import { backupName, basePath, environmentName, releaseId, topLevelName } from './names';
import { EVERY_FILE, LISTED_PATHS, LONGEST_OUTPUT, LONGEST_WORD, MANY, PRUNABLE } from './limits';
import { hexadecimal, holder, releaseRecord, recordOfRelease } from './records';
import { rollout } from './rolloutFacts';
import { runningService } from './serviceVerbs';
import {
  byName,
  count,
  flag,
  list,
  matching,
  number,
  oneOf,
  optional,
  orNull,
  record,
  text,
  tuple,
  type TypeOf,
} from './shape';
import { label, moment, path, word, words } from './plainTexts';

const paths = list(path, EVERY_FILE);
/** A version, or what is called by one. */
const version = label;
const listedPaths = list(path, LISTED_PATHS);

/** Name and version of an installed distribution. */
const installedPackage = tuple(version, version);
export const packages = list(installedPackage, MANY);
export type Package = TypeOf<typeof installedPackage>;

/** The program that installs. `version` is null where it was not started. */
export const installer = record({ name: oneOf('pip', 'uv'), version: orNull(version) });
export type Installer = TypeOf<typeof installer>;

/** A release as listed: its record, the number of extractions that run it now, and the environment it leads to. */
const listedRelease = record({ ...releaseRecord, processes: count, environment: orNull(environmentName) });
export type ListedRelease = TypeOf<typeof listedRelease>;

const listedBackup = record({ name: backupName, bytes: count, createdAt: moment });
export type ListedBackup = TypeOf<typeof listedBackup>;

/** An environment as listed; the optional fields come on request. */
const listedEnvironment = record({
  environment: environmentName,
  /** Why it can't be used, as the end of a sentence; null when it can. */
  problem: optional(orNull(words)),
  createdAt: optional(orNull(moment)),
  python: optional(orNull(version)),
  installer: optional(orNull(installer)),
  packages: optional(packages),
});
export type ListedEnvironment = TypeOf<typeof listedEnvironment>;

/** A switch that was announced and neither confirmed nor reverted. */
export const unconfirmedSwitch = record({
  at: moment,
  operation: words,
  from: orNull(releaseId),
  to: releaseId,
});
export type UnconfirmedSwitch = TypeOf<typeof unconfirmedSwitch>;

/** A release that extractions are running now. */
const releaseInUse = record({ release: releaseId, processes: count });
export type ReleaseInUse = TypeOf<typeof releaseInUse>;

/** The last attempt to change what is live, where it did not stay live. `release`: null where it had no name yet. */
const undoneAttempt = record({ release: orNull(releaseId), at: moment, reason: words });
export type UndoneAttempt = TypeOf<typeof undoneAttempt>;

const standing = {
  current: orNull(releaseId),
  previous: orNull(releaseId),
  liveSince: orNull(moment),
  unconfirmed: orNull(unconfirmedSwitch),
};

/** The live release: its record, and how its files differ from what was recorded. */
export const liveRelease = record({
  record: orNull(recordOfRelease),
  /** Recorded files that were edited or removed by hand since. */
  drift: record({ modified: paths, missing: paths }),
  /** Files that nobody recorded: added by hand or by the engine. */
  extra: paths,
  /** Recorded files that no pattern owns. */
  kept: paths,
  /** What lies in its folders and belongs to the host: the first paths. */
  shared: list(path, MANY),
  /** Name of its virtual environment, and why that can't be used: the end of a sentence. */
  environment: record({ name: orNull(environmentName), problem: orNull(words) }),
});

/**
 * How runs of this user are pinned. `why`: what keeps them from being pinned in place; with `place`, which was asked for,
 * why that can't be had.
 */
export const pinningFound = record({
  way: oneOf('place', 'code', 'release'),
  why: orNull(oneOf('chosen', 'unprepared', 'names', 'locked', 'forbidden', 'privileges')),
});
export type PinningFound = TypeOf<typeof pinningFound>;

/** What an operation has to know before it decides anything. */
export const probe = record({
  ...standing,
  exists: flag,
  /** The base path with every link resolved. */
  base: basePath,
  /** What tells the base path from all other directories of its kernel; null where it is missing. */
  identity: orNull(record({ boot: word, device: word, inode: word })),
  writable: flag,
  /** `mount`: where it begins. `mergesNames`: it takes two spellings for one name. */
  filesystem: record({ type: orNull(word), mount: orNull(path), mergesNames: flag }),
  space: record({ freeBytes: count, totalBytes: count, freeInodes: orNull(count) }),
  /** Top-level names of the base path. `link` and `launcher` are ours. */
  names: list(
    record({
      name: topLevelName,
      type: oneOf('link', 'launcher', 'foreignLink', 'directory', 'file', 'other'),
    }),
    EVERY_FILE,
  ),
  undone: orNull(undoneAttempt),
  /** The sequence number of the next release. */
  sequence: count,
  releasesInUse: list(releaseInUse, MANY),
  /** How many there are of those. */
  inUse: count,
  /** The release that should be live, where `current` is gone or leads nowhere. */
  lost: orNull(releaseId),
  live: orNull(liveRelease),
  /** Who holds the lock, when asked for; null when it is free. */
  holder: optional(orNull(holder)),
  /** When asked for. */
  pinning: optional(pinningFound),
  /** Those that `serve.py` runs; absent where there are none. */
  services: optional(list(runningService, MANY)),
  /** The last rollout; absent where there never was one. */
  rollout: optional(rollout),
});
export type Probe = TypeOf<typeof probe>;

/** One change of what is live, or an attempt that came to nothing. */
export const change = record({
  /** Of the line that opened it: the first 16 hexadecimal digits of its SHA-256. Never changes. */
  eventId: matching<string>('[0-9a-f]{16}', LONGEST_WORD),
  at: moment,
  endedAt: orNull(moment),
  /** Null where 0.1.0 did not write it down. */
  operation: orNull(words),
  from: orNull(releaseId),
  to: orNull(releaseId),
  /**
   * `discarded`: it was cut off before its switch. `unconfirmed`: nobody has decided on the switch yet. `serviceReverted`: the
   * release is live, but its service crashed and `serve.py` went back to another one.
   */
  end: oneOf('kept', 'takenBack', 'refused', 'discarded', 'unconfirmed', 'detached', 'serviceReverted'),
  reason: orNull(words),
  /** Who asked for it; null where 0.1.0 wrote the line. */
  by: orNull(holder),
});
export type Change = TypeOf<typeof change>;

/** How many there are of what is kept, and the bytes of releases and backups. */
const keptCounts = record({ releases: count, backups: count, environments: count, bytes: count });

/** What retention chooses from: as much as is looked at in one go, what is to go first coming first. */
const prunable = record({
  /** Releases that nobody runs and that aren't live, the oldest first: how many are newer, and where each leads to. */
  releases: list(tuple(releaseId, count, orNull(environmentName)), PRUNABLE),
  /** The oldest first, by name: how many are newer. */
  backups: list(tuple(backupName, count), PRUNABLE),
  /** How many releases lead to each, the fewest first. */
  environments: list(tuple(environmentName, count), PRUNABLE),
});
export type Prunable = TypeOf<typeof prunable>;

/** What is kept: lists name the newest, and the counts say how many there are. */
export const listing = record({
  ...standing,
  /** Kept releases that were live at some time, the last first. */
  wereLive: list(releaseId, MANY),
  /** The newest first; the live one, the previous one and the one that was asked for are always among them. */
  releases: list(listedRelease, MANY),
  backups: list(listedBackup, MANY),
  /** Those that the listed releases lead to come first. */
  environments: list(listedEnvironment, MANY),
  counts: keptCounts,
  /** When asked for. */
  prunable: optional(prunable),
});
export type Listing = TypeOf<typeof listing>;

/** One entry as it crosses the wire: path, type, mode, size, digest, target of a link. */
const columns = [path, oneOf('file', 'link', 'directory'), count, count, hexadecimal, orNull(path)] as const;
const entryRow = tuple(...columns);
export const entryRows = list(entryRow, EVERY_FILE);
export type EntryRow = TypeOf<typeof entryRow>;

/** As {@link entryRow}, and whether it is one that no pattern owns (1). */
export const recordedRows = list(tuple(...columns, count), EVERY_FILE);
export type RecordedRow = TypeOf<typeof recordedRows>[number];

/** A file or directory that belongs to somebody else than whoever deploys. */
const otherOwned = record({
  path,
  uid: count,
  gid: count,
  /** Permission bits, without the special ones. */
  mode: count,
  directory: flag,
});
export type OtherOwned = TypeOf<typeof otherOwned>;

/** What a release could change for plain files that are to be adopted. */
export const survey = record({
  /** Whose new files are that are made there. */
  uid: count,
  gid: count,
  /** Top-level names that are links and lead nowhere. */
  dangling: paths,
  /** The first word of `.python-version`, where there is one. */
  pythonVersion: orNull(label),
  /** Scripts whose first line names a Python by its path, and virtual environments beside: `version` is what is known of one. */
  interpreters: list(record({ path, interpreter: path, version: orNull(label) }), LISTED_PATHS),
  /** Containers that the base path is mounted into, and where; `container` is null where nobody tells its name. */
  containers: list(record({ container: orNull(label), place: path, processId: count }), LISTED_PATHS),
  /** Nothing for root, who can keep owners as they are. */
  others: list(otherOwned, EVERY_FILE),
  /** What lies in directories of the engine that are called like ours: the first paths. */
  strangers: list(path, LISTED_PATHS),
});
export type Survey = TypeOf<typeof survey>;

/** What one tree changes in another: the paths, at most 1,000 of each kind, and how many there are. */
export const treeChanges = record({
  counts: record({ added: count, modified: count, removed: count }),
  paths: record({ added: listedPaths, modified: listedPaths, removed: listedPaths }),
});
export type TreeChanges = TypeOf<typeof treeChanges>;

/** What a release would take: indexes of the entries whose content has to be sent, their bytes, and what changes. */
export const comparison = record({
  needed: list(count, EVERY_FILE),
  bytes: count,
  changes: treeChanges,
  /** When asked for, by path, of the files that `changes` lists: bytes before and after; null where there is no such file. */
  sizes: optional(byName(tuple(orNull(count), orNull(count)), 3 * LISTED_PATHS)),
});
export type Comparison = TypeOf<typeof comparison>;

const ended = {
  exitCode: orNull(number),
  /** Name of the signal that ended it, such as `SIGKILL`. */
  signal: orNull(word),
  timedOut: flag,
  /** At most its first 8 KiB and last 24 KiB. */
  output: text(LONGEST_OUTPUT),
  omittedBytes: count,
};

/** How a check's program or inspection ended. */
export const runResult = record({
  ...ended,
  passed: flag,
  durationMs: number,
  /** For `engine`: `live`, or how a release that is not live was shown to it; `skipped`: it had been in place. */
  startedAs: optional(oneOf('live', 'place', 'code', 'release', 'skipped')),
});
export type RunResult = TypeOf<typeof runResult>;

/** An installer's end, and what it was run for. */
const installerRun = record({
  ...ended,
  stage: oneOf('create', 'install', 'check'),
  /** For `interpreter`: what `pip check` complained about, which does not stop the deployment. */
  check: optional(orNull(text(LONGEST_OUTPUT))),
});

/** What became of a release's environment. */
export const environmentResult = record({
  status: oneOf('reused', 'built', 'failed', 'none'),
  passed: flag,
  /** Name of the environment; null for `interpreter` and when it could not be built. */
  environment: orNull(environmentName),
  installer: optional(orNull(installer)),
  /** Version of the interpreter that the environment was built from. */
  python: optional(version),
  packages,
  /** The packages of the live release's environment. */
  before: packages,
  /** The last program that was run; null when none was. */
  run: orNull(installerRun),
  durationMs: number,
});
export type EnvironmentResult = TypeOf<typeof environmentResult>;
