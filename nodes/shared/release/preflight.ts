/** What is looked for before a plain directory is touched, and how it is told. */
import { shownList } from '../text/shownList';
import { printable } from '../text/printable';

/**
 * - `refused`: it can't be kept true; planning and deploying end with it, and nothing is touched
 * - `kept`: it is kept as it is, and people should know how
 * - `hint`: nothing keeps it from being deployed
 */
export type Severity = 'refused' | 'kept' | 'hint';

/** The kinds: what each may be, and what it is about. The reference page is made of it. */
export const PREFLIGHT = {
  linkReplaced: {
    severities: ['refused'],
    meaning:
      'A link that leads out of what is deployed, in the place of something that the new version has: a release would put a copy there, and what the link leads to would no longer be used.',
  },
  linkDangling: {
    severities: ['refused'],
    meaning: 'A link that leads nowhere, under a name that the new version has.',
  },
  linkBecomesFile: {
    severities: ['hint'],
    meaning:
      'A link to something else that is deployed; the new version has a file or directory of its own in its place.',
  },
  codeOnlyThere: {
    severities: ['refused', 'hint'],
    meaning:
      'Code (`.py`, `.so`) inside of what is deployed that the source does not have. Releases would be without it, which somebody has to decide: with *Remove Old Code*, or by keeping it with *Exclude*.',
  },
  filesOnlyThere: {
    severities: ['kept'],
    meaning:
      'Other files inside of deployed directories that the source does not have, such as a configuration, a database or a log: they are shared. They stay where they are, the same for every release, and the engine may write to them.',
  },
  changedSince: {
    severities: ['hint'],
    meaning:
      'Files of the live release that are no code and were changed, added or replaced since it was deployed, as an engine does that keeps state among what is deployed: the deployment takes that away.',
  },
  sharedInRelease: {
    severities: ['hint'],
    meaning:
      'Something is shared and runs are started in their release: there, a program that replaces a shared file by renaming another one to it (`os.replace`) is kept from it, or replaces only its own release’s. What lies in a directory of its own can be replaced.',
  },
  sharedTorn: {
    severities: ['refused'],
    meaning:
      'A run that was started in the live release has replaced a shared file there: what it wrote is in that release alone, and would be gone with it.',
  },
  sharedInSource: {
    severities: ['refused'],
    meaning:
      'A file of the source in whose place the host has something of its own, in a directory that holds what is shared.',
  },
  bytecodeOnlyThere: {
    severities: ['kept'],
    meaning: 'Bytecode without its source, which no source can bring: each release takes it along.',
  },
  nameOnlyThere: {
    severities: ['kept'],
    meaning:
      'A name at the top that *Include* has and the source does not: it stays as it is, in its place, links included.',
  },
  ownersLost: {
    severities: ['refused'],
    meaning:
      'Files of another user than the one who deploys, which that user could no longer read, or write to where only the engine has them: only root can keep owners as they are.',
  },
  namesBeside: {
    severities: ['hint'],
    meaning:
      'Names that both the source and the base path have and *Include* leaves out: they stay what they are there while the rest becomes the new version.',
  },
  ownNameUsed: {
    severities: ['refused', 'hint'],
    meaning:
      'The engine has files of its own in `releases`, `environments` or `backups`, where releases, environments and backups come to lie. They stay, and are nobody’s release; with *Pinning: In the Release* they would not be found beside the program.',
  },
  packagesUnlisted: {
    severities: ['hint'],
    meaning:
      'The source names its packages in a form that nothing is installed from (`pyproject.toml`, `poetry.lock`, `uv.lock`, `Pipfile.lock`, `environment.yml`), and has no requirements.',
  },
  otherInterpreter: {
    severities: ['hint'],
    meaning:
      'A start script’s first line, or a virtual environment beside, names another Python than the one that checks run with: another version, or one whose packages a release has no part in.',
  },
  mountedInContainer: {
    severities: ['hint'],
    meaning:
      'A container on the engine’s machine has the base path mounted, and the deployment goes to the machine itself: runs that are started in the container have its Python, and checks do not.',
  },
  windowsLineEnds: {
    severities: ['hint'],
    meaning:
      'A start script for a shell with the line ends of Windows, which a shell takes for parts of words.',
  },
  engineNotStarted: {
    severities: ['hint'],
    meaning:
      'No check starts the engine as workflows do: that the other checks pass does not say that a run would.',
  },
  nothingPinned: {
    severities: ['hint'],
    meaning: '*Entrypoint* is empty: only commands behind the prefix `launch.py` are pinned to one release.',
  },
  pythonVersion: {
    severities: ['hint'],
    meaning:
      'The base path has a `.python-version` that may make `python3` another interpreter there than the one that deploys and checks.',
  },
} as const satisfies Record<string, { severities: readonly Severity[]; meaning: string }>;

export type PreflightKind = keyof typeof PREFLIGHT;

/** One thing that was found beforehand. */
export interface PreflightFinding {
  readonly kind: PreflightKind;
  readonly severity: Severity;
  /** Below the base path; the first 20. */
  readonly paths: readonly string[];
  /** How many there are. */
  readonly count: number;
  /** What it is, what becomes of it, and what to do. */
  readonly sentence: string;
}

/** As many paths as a finding lists. */
export const LISTED_IN_FINDING = 20;

/** A finding about some paths; the sentence is given them as people read them. */
export function found<K extends PreflightKind>(
  kind: K,
  severity: (typeof PREFLIGHT)[K]['severities'][number],
  paths: Told,
  sentence: (shown: string) => string,
): PreflightFinding {
  const text = sentence(shownList(paths.first, paths.count));
  return {
    kind,
    severity,
    paths: paths.first.slice(0, LISTED_IN_FINDING),
    count: paths.count,
    sentence: printable(text),
  };
}

/** As {@link found}, where there are such paths at all. */
export function foundAny<K extends PreflightKind>(
  kind: K,
  severity: (typeof PREFLIGHT)[K]['severities'][number],
  paths: Told,
  sentence: (shown: string) => string,
): PreflightFinding[] {
  return paths.count === 0 ? [] : [found(kind, severity, paths, sentence)];
}

/** The first of some paths, and how many there are. */
export interface Told {
  readonly first: readonly string[];
  readonly count: number;
}

/** All paths of a short list. */
export function told(paths: readonly string[]): Told {
  return { first: paths.slice(0, LISTED_IN_FINDING), count: paths.length };
}
