/**
 * The steps that a client can ask the engine's side for: what each takes, what it gives, and whether it changes the
 * engine. Everything that is said of a verb anywhere comes from here: the client's types, the checks of answers, what
 * read-only access allows, and (by `scripts/contract.ts`) the checks of arguments on the engine's side.
 */
import { basePath, entrypoint, releaseId } from './names';
import {
  EVERY_FILE,
  LONGEST_CODE,
  LONGEST_OUTPUT,
  LONGEST_SECONDS,
  LONGEST_TEXT,
  LONGEST_WORD,
  LONGEST_WORDS,
  MANY,
  MOST_CHANGES,
} from './limits';
import * as facts from './facts';
import { finding, findingKind, mender } from './findings';
import { holder, recordedFields } from './records';
import {
  byName,
  count,
  countUpTo,
  flag,
  list,
  matching,
  number,
  oneOf,
  optional,
  orNull,
  record,
  type Shape,
  text,
  tuple,
  type TypeOf,
} from './shape';

const words = text(LONGEST_WORDS);
const word = text(LONGEST_WORD);
const path = words;
const paths = list(path, EVERY_FILE);
const release = releaseId;
/** As `launcher`: the name under which it stands. */
const nothing = record({});
const seconds = matchingSeconds();
const environment = byName(text(LONGEST_TEXT), MANY);
const engine = { basePath, entrypoint };
/** A release, or with `kept` what an adoption would make, of which those paths are nobody's; null: nothing. */
const comparedWith = { basePath, release: orNull(release), kept: optional(paths) };
/** The first part of a new release's id, such as `20261123-171501`. */
const time = matching<string>('[0-9]{8}-[0-9]{6}', LONGEST_WORD);

function matchingSeconds(): Shape<number> {
  return {
    form: ['seconds', LONGEST_SECONDS],
    parse: (value, where) => {
      const parsed = number.parse(value, where);
      if (parsed < 0 || parsed > LONGEST_SECONDS) throw new RangeError(`${where} is no number of seconds`);
      return parsed;
    },
  };
}

/** What a check runs. */
const checked = { release, timeoutSeconds: optional(seconds), environment: optional(environment) };

export const VERBS = {
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
  /**
   * What is there and what is live. `holder`: asks who holds the lock. `start`: starts the live environment's interpreter
   * to see whether it does. `ahead`: looks for the next probe, too, which comes soon.
   */
  probe: {
    changes: false,
    arguments: record({ ...engine, holder: optional(flag), start: optional(flag), ahead: optional(flag) }),
    result: facts.probe,
  },
  /** All kept releases, backups and environments. */
  list: {
    changes: false,
    arguments: record({ basePath, packages: optional(flag) }),
    result: facts.listing,
  },
  /** The last changes of what is live, and attempts that came to nothing, the newest first. */
  history: {
    changes: false,
    arguments: record({ basePath, limit: countUpTo(MOST_CHANGES) }),
    result: record({ changes: list(facts.change, MOST_CHANGES) }),
  },
  /** A release's entries, as they were recorded. */
  entries: {
    changes: false,
    arguments: record({ basePath, release }),
    result: record({ entries: facts.recordedRows }),
  },
  /** The entries that adopting some names would make. Comparisons with `kept` are about these then. */
  foresee: {
    changes: false,
    arguments: record({ ...engine, names: paths }),
    result: record({ entries: facts.recordedRows }),
  },
  /** The text of some files of a release, or of the backup that is being unpacked; null where there is none. */
  texts: {
    changes: false,
    arguments: record({ basePath, release, paths }),
    result: record({ texts: byName(orNull(text(LONGEST_TEXT)), EVERY_FILE) }),
  },
  /** Which of the client's directories, each with its digest, differ from the release's. */
  compareDirectories: {
    changes: false,
    arguments: record({ ...comparedWith, directories: list(tuple(path, facts.hexadecimal), EVERY_FILE) }),
    result: record({ differing: list(path, EVERY_FILE) }),
  },
  /** What a release of these entries would need and change; `receive` opens it. `sizes`: asks for sizes, too. */
  compare: {
    changes: false,
    arguments: record({
      ...comparedWith,
      entries: facts.entryRows,
      sameDirectories: paths,
      sizes: optional(flag),
    }),
    result: facts.comparison,
  },
  /** What changes from one kept release to another. */
  compareReleases: {
    changes: false,
    arguments: record({ basePath, release, against: orNull(release) }),
    result: record({ changes: facts.treeChanges }),
  },
  /** Opens a new release of the entries that were compared last. */
  receive: {
    changes: true,
    arguments: record({
      time,
      digest: facts.hexadecimal,
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
    arguments: record({ time, live: orNull(release), backup: facts.backupName }),
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
      kind: oneOf('compile', 'json', 'python', 'command'),
      /** For `python`. */
      code: optional(text(LONGEST_CODE)),
      /** For `command`: split like a POSIX shell would, and run without one. */
      command: optional(text(LONGEST_CODE)),
    }),
    result: facts.runResult,
  },
  /** Turns what is live in plain files into the first release. */
  adopt: {
    changes: true,
    arguments: record({ time, names: paths, entrypoint }),
    result: record({ release, names: paths, entries: facts.entryRows, gapMs: number, atomic: flag }),
  },
  /** Waits for extractions that run without a release; with `leased`, then for those that run one. */
  drain: {
    changes: true,
    arguments: record({ entrypoint, waitSeconds: seconds, leased: optional(flag) }),
    result: record({
      left: list(record({ processId: count, command: words }), MANY),
      /** With `leased`, the releases that are still run. */
      inUse: list(release, MANY),
    }),
  },
  /** Which packages the engine would need from its own interpreter. Starts that interpreter. */
  missingPackages: {
    changes: true,
    arguments: nothing,
    result: record({
      needed: facts.packages,
      /** With the version that the interpreter has, if it has one. */
      missing: list(tuple(words, words, orNull(words)), MANY),
    }),
  },
  /** Turns links and launcher into plain files; until `dismantle` the end of the conversation takes it back. */
  detach: {
    changes: true,
    arguments: record({ entrypoint }),
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
      environments: list(words, MANY),
      backups: list(facts.backupName, MANY),
      left: list(path, MANY),
    }),
  },
  /**
   * Makes a ready release current; until `confirm` the end of the conversation takes it back. `aside`: something foreign
   * at `current` is put aside, and not refused.
   */
  flip: {
    changes: true,
    arguments: record({ release, operation: words, entrypoint, aside: optional(flag) }),
    result: record({ from: orNull(release), to: release, at: word, milliseconds: number }),
  },
  /** Keeps the switch. */
  confirm: { changes: true, arguments: nothing, result: record({ live: orNull(release) }) },
  /** Takes the switch back. */
  revert: {
    changes: true,
    arguments: record({ reason: words }),
    result: record({ live: orNull(release), milliseconds: number }),
  },
  /** Writes a backup of a release. It stays when a switch of this conversation is confirmed. */
  archive: {
    changes: true,
    arguments: record({ release }),
    result: record({ name: facts.backupName, bytes: count }),
  },
  /** Removes by name; what is in use is kept. */
  remove: {
    changes: true,
    arguments: record({
      releases: optional(list(release, MANY)),
      backups: optional(list(facts.backupName, MANY)),
      environments: optional(list(words, MANY)),
    }),
    result: record({
      releases: list(words, MANY),
      inUse: list(words, MANY),
      backups: list(facts.backupName, MANY),
      environments: list(words, MANY),
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
  /** Everything that is not as it should be. */
  inspect: {
    changes: false,
    arguments: record({ ...engine, owner: optional(words) }),
    result: record({
      /** Whether anything was ever deployed here. */
      deployed: flag,
      current: orNull(path),
      findings: list(finding, EVERY_FILE),
      /** Who is at work, unless it is this conversation. */
      holder: orNull(holder),
    }),
  },
  /** Puts one finding right; `path` as in the finding. The result names what was put right. */
  mend: {
    changes: true,
    arguments: record({ what: mender, path: optional(path), entrypoint }),
    result: record({ done: list(words, EVERY_FILE) }),
  },
} as const;

export type Verb = keyof typeof VERBS;
export type ArgumentsOf<V extends Verb> = TypeOf<(typeof VERBS)[V]['arguments']>;
export type ResultOf<V extends Verb> = TypeOf<(typeof VERBS)[V]['result']>;

/** The table as its verbs' types have it: what is looked up for a verb is that verb's own. */
const TYPED: {
  readonly [V in Verb]: { readonly arguments: Shape<ArgumentsOf<V>>; readonly result: Shape<ResultOf<V>> };
} = VERBS;

/** The verbs that change nothing: all that read-only access allows. */
export const READING_VERBS = (Object.keys(VERBS) as Verb[]).filter((verb) => !VERBS[verb].changes);

/**
 * An answer as the type that its verb has.
 *
 * @throws RangeError naming the first field that has another form
 */
export function parseResult<V extends Verb>(verb: V, result: unknown): ResultOf<V> {
  return TYPED[verb].result.parse(result, `the result of ${verb}`);
}
