import { checkEntryPath } from '../source/paths';
import { at } from './payload';
import type { ChangedPaths, ListedPaths } from './push';

const KINDS = ['added', 'modified', 'removed'] as const;

type Kind = (typeof KINDS)[number];

/** As many different paths as are looked at; a push that changes more is not listed completely for us. */
const MAX_PATHS = 100_000;

/** As many paths of each kind as outputs show. */
const MAX_SHOWN = 1000;

/** What a payload without any paths says. */
export const NOTHING_LISTED: ListedPaths = {
  paths: { added: [], modified: [], removed: [] },
  complete: false,
};

/**
 * Puts together what the commits of a push list. Their order differs from forge to forge, so a path that one adds and
 * another removes counts as modified: it was touched.
 */
export function collectPaths(commits: readonly unknown[]): ListedPaths {
  const kindsOf = new Map<string, Set<Kind>>();
  let complete = commits.length > 0;
  for (const commit of commits) {
    for (const kind of KINDS) {
      const listed = at(commit, kind);
      if (!Array.isArray(listed)) complete = false;
      else if (!listed.every((path) => note(kindsOf, path, kind))) complete = false;
    }
  }
  const paths: ChangedPaths = { added: [], modified: [], removed: [] };
  for (const [path, kinds] of kindsOf) paths[kindOf(kinds)].push(path);
  for (const kind of KINDS) paths[kind].sort();
  return { paths, complete };
}

/** All of the paths. */
export function everyPath({ added, modified, removed }: ChangedPaths): string[] {
  return [...added, ...modified, ...removed];
}

/** The paths as outputs show them: at most 1,000 of each kind; `counts` has the true numbers. */
export function shownPaths(paths: ChangedPaths): ChangedPaths & { counts: Record<Kind, number> } {
  const shown = (kind: Kind) => paths[kind].slice(0, MAX_SHOWN);
  return {
    added: shown('added'),
    modified: shown('modified'),
    removed: shown('removed'),
    counts: { added: paths.added.length, modified: paths.modified.length, removed: paths.removed.length },
  };
}

function note(kindsOf: Map<string, Set<Kind>>, path: unknown, kind: Kind): boolean {
  if (typeof path !== 'string' || !isUsable(path)) return false;
  const kinds = kindsOf.get(path);
  if (kinds) kinds.add(kind);
  else if (kindsOf.size < MAX_PATHS) kindsOf.set(path, new Set([kind]));
  else return false;
  return true;
}

function isUsable(path: string): boolean {
  try {
    return checkEntryPath(path) === path;
  } catch {
    return false;
  }
}

function kindOf(kinds: ReadonlySet<Kind>): Kind {
  if (kinds.has('added') && kinds.has('removed')) return 'modified';
  if (kinds.has('added')) return 'added';
  return kinds.has('removed') ? 'removed' : 'modified';
}
