/** The verbs that look and change nothing: all that read-only access allows. */
import { EVERY_FILE, LONGEST_TEXT, MANY, MOST_CHANGES } from './limits';
import { runsFound } from './engineRuns';
import * as facts from './facts';
import { finding } from './findings';
import { basePath, entrypoint, releaseId } from './names';
import { path, word, words } from './plainTexts';
import { hexadecimal, holder } from './records';
import { byName, countUpTo, flag, list, oneOf, optional, orNull, record, text, tuple } from './shape';

const paths = list(path, EVERY_FILE);
const release = releaseId;
const engine = { basePath, entrypoint };
/**
 * A release, or where an adoption was previewed what that would make; null: nothing. `kept`: paths of it that are nobody's;
 * `left`: those of what was previewed that stay the host's.
 */
const comparedWith = {
  basePath,
  release: orNull(release),
  kept: optional(paths),
  left: optional(paths),
};

export const READING = {
  /**
   * What is there and what is live. `holder`: asks who holds the lock. `start`: starts the live environment's interpreter
   * to see whether it does. `ahead`: looks for the next probe, too, which comes soon. `pinning`: tries how runs are pinned:
   * of what is live, where something is, or whether the kernel allows pinning in place at all.
   */
  probe: {
    changes: false,
    arguments: record({
      ...engine,
      holder: optional(flag),
      start: optional(flag),
      ahead: optional(flag),
      pinning: optional(oneOf('live', 'kernel')),
    }),
    result: facts.probe,
  },
  /**
   * Kept releases, backups and environments: the newest `most` of each, and how many there are. `release`: named in any
   * case. `key`: environments with it come first. `prunable`: asks what retention can choose from.
   */
  list: {
    changes: false,
    arguments: record({
      basePath,
      packages: optional(flag),
      most: optional(countUpTo(MANY)),
      release: optional(release),
      key: optional(word),
      prunable: optional(flag),
    }),
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
  /**
   * The entries that adopting some names would make. Comparisons with `kept` are about these then. `shared`: paths that stay
   * the host's: something may be mounted there.
   */
  previewAdoption: {
    changes: false,
    arguments: record({ ...engine, names: paths, shared: optional(paths) }),
    result: record({ entries: facts.recordedRows }),
  },
  /** What a release could change for the plain files below some names, which are to be adopted. */
  survey: {
    changes: false,
    arguments: record({ basePath, names: paths }),
    result: facts.survey,
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
    arguments: record({ ...comparedWith, directories: list(tuple(path, hexadecimal), EVERY_FILE) }),
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
  /** The runs of the engine that are there now. */
  runs: {
    changes: false,
    arguments: record({ basePath }),
    result: runsFound,
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
} as const;
