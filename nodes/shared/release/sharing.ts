/**
 * What belongs to the host inside of deployed directories: state, secrets, logs, databases. The directory that something
 * shared lies in is a real one, a folder, with a link for each name that is deployed (see the executor's `standins.py`);
 * all else in it is the host's, the same for every release.
 */
import { MOST_SHARED } from '../contract/limits';
import { DeployError } from '../errors';
import { addDirectories, directoryOf } from '../source/paths';
import { quote } from '../source/quote';
import { BoundedList } from './ownership';
import { compileGlob, directoryPattern, isLiteral, normalizePattern } from '../source/patterns';

/** What of a release is shared, as its record has it. */
export interface Sharing {
  readonly shared?: readonly string[];
  readonly sharedPaths?: readonly string[];
  readonly folders?: readonly string[];
}

/** What is looked at to know which directories become folders. */
export interface SharedPlaces {
  /** As somebody asked for them; see {@link Selection.shared}. */
  readonly patterns: readonly string[];
  /** Paths that are shared without being asked for: what was found to be the host's. */
  readonly found: readonly string[];
  /** The directories that the version or the host has. */
  readonly directories: Iterable<string>;
}

/**
 * What a release's record says of sharing; nothing where nothing is shared.
 *
 * @throws DeployError `INPUT` for patterns that make too many directories folders
 */
export function sharingOf({ patterns, found, directories }: SharedPlaces): Sharing {
  const folders = new Set(found.map(directoryOf).filter((directory) => directory !== ''));
  const given = [...directories];
  for (const pattern of patterns) {
    for (const folder of foldersOf(pattern, given)) {
      folders.add(folder);
      if (folders.size > MOST_SHARED) throw tooMany(pattern);
    }
  }
  const paths = patterns.flatMap(pathOf);
  return {
    ...(patterns.length > 0 && { shared: patterns }),
    ...(paths.length > 0 && { sharedPaths: paths }),
    ...(folders.size > 0 && { folders: [...folders].sort() }),
  };
}

function tooMany(pattern: string): DeployError {
  return new DeployError(
    'INPUT',
    `Shared pattern ${quote(pattern)} is about more than ${MOST_SHARED} directories, each of which would hold a link for each deployed name; name those in which the engine writes, for example "data/**".`,
  );
}

/** The directories that something with a pattern may lie in. */
function foldersOf(pattern: string, directories: readonly string[]): string[] {
  const above = directoryOf(normalized(pattern));
  if (above === '') return [];
  if (isLiteral(above)) return [above];
  const matches = compileGlob('Shared', above);
  const whole = above.endsWith('/**') ? compileGlob('Shared', above.slice(0, -3)) : matches;
  return directories.filter((directory) => matches(directory) || whole(directory));
}

/** The path that a pattern names, if it is no glob; with a slash where it names a directory as such. */
function pathOf(pattern: string): string[] {
  const path = normalized(pattern);
  if (!isLiteral(path) || !path.includes('/')) return [];
  return [pattern.endsWith('/') || pattern.endsWith('/**') ? `${path}/` : path];
}

/** A pattern without what only says that a directory is meant. */
function normalized(pattern: string): string {
  return directoryPattern(normalizePattern('Shared', pattern));
}

/** All directories above some paths. */
export function directoriesOf(paths: Iterable<string>): Set<string> {
  const found = new Set<string>();
  for (const path of paths) addDirectories(path, found);
  return found;
}

/** Sorts the paths of a release: those that are shared from now on, and the directories that others lie in. */
export class SharedPaths {
  private readonly shared = new BoundedList<string>('files that are shared');
  private readonly others = new Set<string>();

  constructor(private readonly isShared: (path: string) => boolean) {}

  add(path: string): void {
    if (this.isShared(path)) this.shared.add(path, path.length);
    else addDirectories(path, this.others);
  }

  all(): readonly string[] {
    return this.shared.all();
  }

  /** The fewest paths that stand for all of them. */
  cover(): string[] {
    return covering(this.all(), this.others);
  }
}

/**
 * The fewest paths that stand for some files: a directory stands for all below it where nothing else lies there.
 *
 * @param others directories that hold something else, too
 */
export function covering(paths: Iterable<string>, others: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    let whole = path;
    for (let above = directoryOf(path); above !== '' && !others.has(above); above = directoryOf(above)) {
      whole = above;
    }
    found.add(whole);
  }
  return [...found];
}

/** Whether a path is one of some, or lies below one. */
export function isWithin(path: string, some: ReadonlySet<string>): boolean {
  for (let each = path; each !== ''; each = directoryOf(each)) if (some.has(each)) return true;
  return false;
}
