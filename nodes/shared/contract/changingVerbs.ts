/** The verbs that change the engine, or start a program on its side. Each but `lock` needs the lock. */
import {
  EVERY_FILE,
  LONGEST_CODE,
  LONGEST_OUTPUT,
  LONGEST_SECONDS,
  LONGEST_TEXT,
  LONGEST_WORD,
  LONGEST_WORDS,
  MANY,
} from './limits';
import * as facts from './facts';
import { findingKind, repairKind } from './findings';
import { backupName, basePath, entrypoint, environmentName, releaseId } from './names';
import { label, moment, path, word, words } from './plainTexts';
import { hexadecimal, holder, recordedFields } from './records';
import { serviceRefusal } from './serviceVerbs';
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
  secondsUpTo,
  text,
  tuple,
} from './shape';

const paths = list(path, EVERY_FILE);
const release = releaseId;
const nothing = record({});
/** As somebody named it: the engine's side says what is wrong with it. */
const named = text(1024);
const seconds = secondsUpTo(LONGEST_SECONDS);
/** Other users' processes that may run the engine and can't be looked into; null where they can't even be listed. */
const unseen = orNull(count);
const environment = byName(text(LONGEST_TEXT), MANY);
/** The first part of a new release's id, such as `20261123-171501`. */
const time = matching<string>('[0-9]{8}-[0-9]{6}', LONGEST_WORD);

/** For `http`: what is asked, again and again, and what the answer has to be. */
const httpRequest = record({
  url: text(LONGEST_WORDS),
  method: oneOf('GET', 'HEAD', 'POST'),
  headers: byName(text(LONGEST_TEXT), MANY),
  /** From and to, both included. */
  statuses: list(tuple(count, count), MANY),
  /** What has to be in it. */
  text: optional(text(LONGEST_TEXT)),
  /** Names and places into its JSON, and as JSON what has to be there. */
  path: optional(list(text(LONGEST_WORDS), MANY)),
  value: optional(text(LONGEST_TEXT)),
  /** Whether certificates are verified. */
  verify: flag,
});

/** What a check runs. */
const checked = { release, timeoutSeconds: optional(seconds), environment: optional(environment) };

export const CHANGING = {
  /**
   * Takes the engine's lock; with `create`, makes the base path where it is missing. `owner`: `user`, `user:group` or
   * `uid:gid` whom new files are given to; empty: the base path's, for root. `clean`: false leaves what interrupted
   * operations left.
   */
  lock: {
    changes: true,
    arguments: record({
      basePath,
      create: flag,
      holder,
      waitSeconds: seconds,
      owner: optional(words),
      clean: optional(flag),
    }),
    result: record({ cleaned: list(tuple(findingKind, path), EVERY_FILE) }),
  },
  /** Opens a new release of the entries that were compared last. */
  receive: {
    changes: true,
    arguments: record({
      time,
      digest: hexadecimal,
      live: orNull(release),
      /** As the comparison answered them. */
      needed: list(count, EVERY_FILE),
      keep: paths,
    }),
    result: record({ release }),
  },
  /** Unpacks a backup as a new release. */
  unpack: {
    changes: true,
    arguments: record({ time, live: orNull(release), backup: named }),
    result: record({ release, changes: facts.treeChanges, entries: facts.entryRows }),
  },
  /** Takes the needed content from the wire, or what was unpacked, and places the release unlinked. */
  assemble: {
    changes: true,
    arguments: record({
      encoding: oneOf('identity', 'deflate'),
      record: record(recordedFields),
      /** Paths of a backup that no pattern owns. */
      kept: optional(paths),
    }),
    result: record({ files: count, bytes: count, compiled: count, carriedOver: count }),
  },
  /** Gives a release its dependencies. */
  environment: {
    changes: true,
    arguments: record({
      release,
      /** `none`: nothing is installed; only `before` is wanted. */
      mode: oneOf('virtualEnvironment', 'interpreter', 'none'),
      /** See `environmentKey`; of no use for `interpreter`. */
      key: orNull(word),
      /** Files of the release that are copied, for the programs to run beside; without any they run in the release. */
      copied: optional(paths),
      /** What follows `pip install` or `uv pip install`; paths are relative to the release. */
      arguments: list(words, EVERY_FILE),
      installer: oneOf('auto', 'pip', 'uv'),
      timeoutSeconds: seconds,
      /** Keep the environment that the release leads to already, whatever its key, when it can be used. */
      keep: optional(flag),
      /** The live release: the packages of its environment come back as `before`. */
      live: optional(orNull(release)),
      /** Lines of a netrc file with an index's credentials. */
      netrc: optional(text(LONGEST_OUTPUT)),
      /** Texts that are replaced in all output. */
      secrets: optional(list(text(LONGEST_TEXT), MANY)),
      /** Added to the environment of the programs. */
      environment: optional(environment),
    }),
    result: facts.environmentResult,
  },
  /** Runs one check against a release. */
  run: {
    changes: true,
    arguments: record({
      ...checked,
      kind: oneOf('compile', 'json', 'python', 'command', 'engine', 'http'),
      /** For `engine`: its entrypoint, the arguments, and whether it is skipped where it was started in place before the switch. */
      entrypoint: optional(entrypoint),
      arguments: optional(list(text(LONGEST_TEXT), MANY)),
      unlessInPlace: optional(flag),
      /** For `python`. */
      code: optional(text(LONGEST_CODE)),
      /** For `command`: split like a POSIX shell would, and run without one. */
      command: optional(text(LONGEST_CODE)),
      http: optional(httpRequest),
      /** For `http`, before a switch: the command that starts the release aside; `{port}` in it is where it is asked, instead. */
      start: optional(list(text(LONGEST_TEXT), MANY)),
      /** For `http`, before a switch: what waits is asked, and nobody where none does. */
      waiting: optional(flag),
    }),
    result: facts.runResult,
  },
  /** Copies what is live in plain files into a release that nothing leads to yet. */
  copyPlain: {
    changes: true,
    arguments: record({ time, names: paths, entrypoint }),
    result: record({ release, names: paths }),
  },
  /**
   * Makes current what was copied, and puts links and launcher where the plain names are. Until `confirm` the end of the
   * conversation takes it back.
   */
  adopt: {
    changes: true,
    arguments: record({ entrypoint }),
    result: record({ gapMs: number, atomic: flag }),
  },
  /** Waits for extractions that run without a release; with `leased`, then for those that run one. */
  drain: {
    changes: true,
    arguments: record({ entrypoint, waitSeconds: seconds, leased: optional(flag) }),
    result: record({
      left: list(record({ processId: count, command: words }), MANY),
      /** With `leased`, the releases that are still run. */
      inUse: list(release, MANY),
      unseen: optional(unseen),
    }),
  },
  /** Which packages the engine would need from its own interpreter. Starts that interpreter. */
  missingPackages: {
    changes: true,
    arguments: nothing,
    result: record({
      needed: facts.packages,
      /** With the version that the interpreter has, if it has one. */
      missing: list(tuple(label, label, orNull(label)), MANY),
    }),
  },
  /** Turns links and launcher into plain files; until `dismantle` the end of the conversation takes it back. */
  detach: {
    changes: true,
    arguments: record({ entrypoint, waitSeconds: optional(seconds) }),
    result: record({ names: paths, gapMs: number, atomic: flag }),
  },
  /** Takes `detach` back. */
  attach: { changes: true, arguments: nothing, result: nothing },
  /** Removes what a plain engine has no use for. */
  dismantle: {
    changes: true,
    arguments: record({ everything: flag }),
    result: record({
      releases: list(release, MANY),
      environments: list(environmentName, MANY),
      backups: list(backupName, MANY),
      /** How many were removed; the lists name the first. */
      counts: record({ releases: count, environments: count, backups: count }),
      left: list(path, MANY),
    }),
  },
  /**
   * Makes a ready release current; until `confirm` the end of the conversation takes it back. `aside`: something foreign
   * at `current` is put aside, and not refused. `share`: paths that the live release holds and that are shared from now on.
   */
  flip: {
    changes: true,
    arguments: record({
      release,
      operation: words,
      entrypoint,
      aside: optional(flag),
      share: optional(paths),
    }),
    result: record({
      from: orNull(release),
      to: release,
      at: moment,
      milliseconds: number,
      /** Runs that nobody pins and that had not ended when it had waited for them. */
      unpinned: optional(count),
    }),
  },
  /** Keeps the switch. */
  confirm: {
    changes: true,
    arguments: nothing,
    result: record({
      live: orNull(release),
      pinning: optional(facts.pinningFound),
      /** How long nobody answered while a service was reloaded, where that could be measured. */
      gapMs: optional(number),
    }),
  },
  /** Takes the switch back. */
  revert: {
    changes: true,
    arguments: record({ reason: words }),
    result: record({
      live: orNull(release),
      milliseconds: number,
      /** What keeps the service from what is live again. */
      service: optional(serviceRefusal),
    }),
  },
  /** Writes a backup of a release, with `shared` of what the host has in its folders, too. It stays when a switch is confirmed. */
  archive: {
    changes: true,
    arguments: record({ release, shared: optional(flag) }),
    result: record({ name: backupName, bytes: count }),
  },
  /** Removes by name; what is in use is kept. */
  remove: {
    changes: true,
    arguments: record({
      releases: optional(list(release, MANY)),
      backups: optional(list(named, MANY)),
      environments: optional(list(words, MANY)),
    }),
    result: record({
      releases: list(release, MANY),
      inUse: list(release, MANY),
      backups: list(backupName, MANY),
      environments: list(environmentName, MANY),
      unseen: optional(unseen),
    }),
  },
  /** Adds fields to a release's record, and with `kept` says which of its entries no pattern owns. */
  describe: {
    changes: true,
    arguments: record({ release, fields: record(recordedFields), kept: optional(paths) }),
    result: nothing,
  },
  /** Writes into the history that an attempt ended before its switch, and why. */
  noteRefusal: {
    changes: true,
    arguments: record({ to: orNull(release), operation: words, reason: words }),
    result: nothing,
  },
  /** Puts one finding right; `path` as in the finding. The result names what was put right. */
  repair: {
    changes: true,
    arguments: record({ what: repairKind, path: optional(path), entrypoint }),
    result: record({ done: list(words, EVERY_FILE) }),
  },
} as const;
