import { DeployError, toDeployError } from '../errors';
import { withoutEnd } from '../scan';
import type { Selection } from './bundle';
import { glob, type Matches } from './glob';
import { NotAGlob } from './globNodes';
import type { Meter } from './meter';
import { quote } from './quote';
import { isReserved } from '../contract/reservedNames';

/**
 * Never part of a bundle, whatever the patterns say: bytecode, which depends on the interpreter and is compiled on
 * the engine's side, the bookkeeping of version control, and what a Mac keeps beside people's files: for each file a
 * companion `._name`, and what its Finder remembers.
 */
export const ALWAYS_EXCLUDED: readonly string[] = [
  '**/__pycache__',
  '**/*.pyc',
  '**/*.pyo',
  '**/.git',
  '**/.hg',
  '**/.svn',
  '**/._*',
  '**/.DS_Store',
  '**/__MACOSX',
];

/** Whether a path of an archive is something that only a Mac put there: no folder is anything's because of that. */
export function isOfMac(path: string): boolean {
  return path.split('/').some((name) => name === '__MACOSX' || name === '.DS_Store' || name.startsWith('._'));
}

/** What a {@link Selection} selects. All paths are relative, `/`-separated and without `.` or `..` parts. */
export interface CompiledSelection {
  /** Whether an entry is part of the bundle: a pattern includes it or a directory above it, and none excludes either. */
  includes(path: string): boolean;
  /** Those of the candidate top-level names that {@link CompiledSelection.ownsName} answers for, in their order. */
  names(candidates: readonly string[]): string[];
  /**
   * Whether deployments may create, replace and remove this top-level name of the base path: the first segment of an
   * include pattern matches it, it is not reserved, and it is not excluded as a whole.
   */
  ownsName(name: string): boolean;
  /** Whether a path, or a directory above it, is shared: it is excluded, too. */
  isShared(path: string): boolean;
  /** Whether anything in this directory could be included; where it is false, nobody needs to look. */
  mayContain(directory: string): boolean;
}

/** An include pattern's segments; `null` stands for a globstar, after which anything may follow. */
type Segments = Array<Matches | null>;

/**
 * Compiles include and exclude patterns.
 *
 * Patterns are globs against the whole path from the bundle's root: `*` and `?` stay within one name and
 * match leading dots too, `**` spans directories, `[ab]`, `@(a|b)` and `!(a)` work as in Bash. Braces: `{a,b}` are
 * alternatives and `{1..3}` is a range, but `{a}`, without a comma, means a name with braces in it. A backslash takes
 * a character's meaning away. A pattern that matches a directory stands for everything below it, as in `.gitignore`;
 * unlike there, `node_modules` alone matches at the top level only: a globstar in front makes it match at every level.
 *
 * With `meter`, no more is done than it allows: nothing matches any more after that.
 *
 * Throws `INPUT` for a pattern that can't mean what it says, quoting it and saying what to write instead.
 */
export function createSelection(selection: Selection, meter?: Meter): CompiledSelection {
  if (selection.include.length === 0) {
    throw new DeployError('INPUT', 'Include is empty; name what to deploy, for example "src/**, run.py".');
  }
  const included = selection.include.map((pattern) => normalizePattern('Include', pattern));
  included.forEach(refuseLeadingGlobstar);
  const excluded = selection.exclude.map((pattern) => normalizePattern('Exclude', pattern));

  const shared = (selection.shared ?? []).map((pattern) =>
    directoryPattern(normalizePattern('Shared', pattern)),
  );

  const isIncluded = below(
    anyOf(
      included.map((pattern) => compileGlob('Include', pattern)),
      meter,
    ),
  );
  const isShared = below(
    anyOf(
      shared.map((pattern) => compileGlob('Shared', pattern)),
      meter,
    ),
  );
  const isLeftOut = below(
    anyOf(
      [...excluded, ...ALWAYS_EXCLUDED].map((pattern) => compileGlob('Exclude', pattern)),
      meter,
    ),
  );
  const isExcluded = (path: string) => isLeftOut(path) || isShared(path);
  const segments = included.map(compileSegments);

  const ownsName = (name: string): boolean =>
    !isReserved(name) && !isExcluded(name) && segments.some((pattern) => pattern[0]?.(name));
  return {
    includes: (path) => isIncluded(path) && !isExcluded(path),
    names: (candidates) => candidates.filter(ownsName),
    ownsName,
    isShared,
    mayContain: (directory) => {
      const names = directory.split('/');
      return !isExcluded(directory) && segments.some((pattern) => mayReach(pattern, names));
    },
  };
}

/** Whether one of some patterns is about a path, or about a directory above it. */
export function matcherOf(field: string, patterns: readonly string[]): (path: string) => boolean {
  const compiled = patterns.map((pattern) => compileGlob(field, normalizePattern(field, pattern)));
  return below(anyOf(compiled));
}

/** Splits a list of patterns at commas and line ends; commas inside braces belong to their pattern. */
export function parsePatternList(text: string): string[] {
  const patterns: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    let depth = 0;
    let pattern = '';
    for (const character of line) {
      if (character === '{') depth += 1;
      if (character === '}') depth = Math.max(0, depth - 1);
      if (character === ',' && depth === 0) {
        patterns.push(pattern);
        pattern = '';
      } else {
        pattern += character;
      }
    }
    patterns.push(pattern);
  }
  return patterns.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '');
}

/** Returns the pattern without leading `./` and trailing `/`; throws `INPUT` where it can match no entry's path. */
export function normalizePattern(field: string, pattern: string): string {
  const refuse = (reason: string, instead: string): DeployError =>
    new DeployError('INPUT', `${field} pattern ${quote(pattern)} ${reason}; ${instead}.`);

  if (pattern.includes('\0')) throw refuse('holds a NUL character', 'remove it');
  if (pattern.startsWith('/')) {
    throw refuse(
      'is absolute',
      `write it relative to the source's root, for example ${quote(pattern.replace(/^\/+/, '') || 'src/**')}`,
    );
  }
  if (pattern.startsWith('!') && !pattern.startsWith('!(')) {
    throw refuse('starts with "!"', `write ${quote(pattern.slice(1))} in the other list instead`);
  }
  const normalized = withoutEnd(pattern.replace(/^(?:\.\/+)+/, ''), '/');
  if (normalized === '' || normalized === '.') {
    throw refuse('names nothing', 'name a file, a directory or a glob, for example "src/**"');
  }
  const parts = normalized.split('/');
  if (parts.includes('..')) {
    throw refuse('leaves the source', 'remove the ".." part, or choose a source directory further up');
  }
  if (parts.includes('') || parts.includes('.')) {
    const shorter = parts.filter((part) => part !== '' && part !== '.').join('/');
    throw refuse('has an empty or "." part', `write ${quote(shorter)}`);
  }
  if (hasSlashInGroup(normalized)) {
    throw refuse('has a "/" inside braces or brackets', 'write each alternative as a pattern of its own');
  }
  return normalized;
}

/** A pattern as one that stands for a directory itself: what is below it goes with it. */
export function directoryPattern(normalized: string): string {
  let directory = normalized;
  while (directory.endsWith('/**')) directory = directory.slice(0, -'/**'.length);
  return directory;
}

/** Whether a pattern is the path that it looks like. */
export function isLiteral(pattern: string): boolean {
  return !/[*?[\]{}()|\\]/.test(pattern);
}

function hasSlashInGroup(pattern: string): boolean {
  let depth = 0;
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '\\') index += 1;
    else if ('{[('.includes(character)) depth += 1;
    else if ('}])'.includes(character)) depth -= 1;
    else if (character === '/' && depth > 0) return true;
  }
  return false;
}

function refuseLeadingGlobstar(pattern: string): void {
  const [first, ...rest] = pattern.split('/');
  if (!first?.includes('**')) return;
  const instead = rest.length > 0 ? `src/**/${rest.at(-1)}` : 'src/**';
  throw new DeployError(
    'INPUT',
    `Include pattern ${quote(pattern)} starts with "**", which leaves open which top-level names of the base path ` +
      `a deployment owns and may replace; name them, for example ${quote(instead)}.`,
  );
}

/** A glob as a function of a name or path; throws `INPUT`, naming the field, for what is none. */
export function compileGlob(field: string, pattern: string): Matches {
  try {
    return glob(pattern);
  } catch (thrown) {
    throw notAGlob(field, pattern, thrown);
  }
}

function notAGlob(field: string, pattern: string, thrown: unknown): DeployError {
  if (!(thrown instanceof NotAGlob)) return toDeployError(thrown);
  const { message, instead } = thrown;
  return new DeployError(
    'INPUT',
    `${field} pattern ${quote(pattern)} is not a glob (${message}); ${instead}.`,
    { cause: thrown },
  );
}

function compileSegments(pattern: string): Segments {
  return pattern
    .split('/')
    .map((segment) => (segment.includes('**') ? null : compileGlob('Include', segment)));
}

function mayReach(segments: Segments, names: readonly string[]): boolean {
  for (const [depth, name] of names.entries()) {
    const matches = segments[depth];
    if (!matches) return true;
    if (!matches(name)) return false;
  }
  return true;
}

function anyOf(matchers: readonly Matches[], meter?: Meter): Matches {
  return (path) => matchers.some((matches) => matches(path, meter));
}

/** Whether `matches` holds for a path or any directory above it. Remembers directories, which thousands of paths share. */
function below(matches: Matches): Matches {
  const directories = new Map<string, boolean>();
  const isDirectoryBelow = (directory: string): boolean => {
    let known = directories.get(directory);
    if (known === undefined) {
      known = check(directory);
      directories.set(directory, known);
    }
    return known;
  };
  const check = (path: string): boolean => {
    const slash = path.lastIndexOf('/');
    return (slash > 0 && isDirectoryBelow(path.slice(0, slash))) || matches(path);
  };
  return check;
}
