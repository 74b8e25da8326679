import { posix } from 'node:path';

import { DeployError } from '../errors';
import type { BundleEntry } from '../source/bundle';
import { readLockReferences } from './lockLines';
import { type DependencyOptions, FOREIGN_LOCKS, REQUIREMENT_FILES } from './installOptions';
import { isAddress, lineRefused, readRequirementLines, type Reference } from './requirementLines';

/** What of a release decides which packages it needs. */
export interface Requirements {
  /** The file to install from, such as `requirements.txt`; null when the release has none. */
  file: string | null;
  /** Whether there is anything to install. */
  installs: boolean;
  /** Path and digest of every file that is reached from it: requirements, constraints, local packages. */
  files: ReadonlyArray<[path: string, digest: string]>;
}

/** The files of a release, as far as requirements are about them. */
export interface ReleaseFiles {
  entries: ReadonlyArray<Pick<BundleEntry, 'path' | 'type' | 'digest'>>;
  /** The text of some files. */
  readTexts(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

const NOTHING: Requirements = { file: null, installs: false, files: [] };

/**
 * Finds the requirements of a release and everything they reach through `-r`, `-c`, `--find-links` and local paths.
 *
 * @throws DeployError `INPUT` naming file and line for what lies outside the release, where nobody could tell whether
 * it changed, and for locks that can't be installed from
 */
export async function findRequirements(
  files: ReleaseFiles,
  options: DependencyOptions,
): Promise<Requirements> {
  const digests = new Map(files.entries.filter(({ type }) => type === 'file').map((e) => [e.path, e.digest]));
  const file = chooseFile(digests, options.requirements) ?? (await projectOf(files, digests));
  if (!file) return NOTHING;
  const reached = new Reached(digests);
  reached.addText(file);
  if (options.constraints) reached.addText(named('Constraints', options.constraints, digests));
  for (const place of options.findLinks) if (!isElsewhere(place)) reached.addTree(place, 'Find Links');
  if (isProject(file)) {
    // What is built of it may be made of any file: so another one of these is another environment.
    reached.addTree(posix.dirname(file), 'Requirements File');
    return { file, installs: true, files: reached.sorted() };
  }
  if (file.endsWith('.toml')) {
    // Paths in a lock start beside it, those in requirements where pip runs: at the release's top.
    const texts = await files.readTexts([file]);
    for (const reference of readLockReferences(texts.get(file) ?? '', file)) {
      const { target } = reference;
      const beside = target.startsWith('/') ? target : posix.join(posix.dirname(file), target);
      follow({ ...reference, target: beside }, file, reached);
    }
    return { file, installs: true, files: reached.sorted() };
  }
  let installs = false;
  for (let next = [...reached.texts]; next.length > 0;) {
    const known = new Set(reached.texts);
    for (const [path, text] of await files.readTexts(next)) {
      const lines = readRequirementLines(text, path);
      if (path !== options.constraints) installs ||= lines.installs;
      for (const reference of lines.references) follow(reference, path, reached);
    }
    next = [...reached.texts].filter((path) => !known.has(path));
  }
  return { file, installs, files: reached.sorted() };
}

function chooseFile(digests: ReadonlyMap<string, string>, wanted: string): string | null {
  if (wanted) return named('Requirements File', wanted, digests);
  const found = REQUIREMENT_FILES.find((name) => digests.has(name));
  if (found) return found;
  const lock = Object.keys(FOREIGN_LOCKS).find((name) => digests.has(name));
  if (!lock) return null;
  throw new DeployError('INPUT', `${lock} can't be installed from without the project it was made for.`, {
    description: `Make a lock that pip and uv can read, and deploy that: ${FOREIGN_LOCKS[lock]}`,
  });
}

/** Whether a file describes a project that is built and installed as it is, with what it needs. */
export function isProject(file: string): boolean {
  return posix.basename(file) === 'pyproject.toml';
}

/** The project at a source's top, where it says how it is built; others only hold settings of tools. */
async function projectOf(
  { readTexts }: ReleaseFiles,
  digests: ReadonlyMap<string, string>,
): Promise<string | null> {
  const [file] = [...digests.keys()].filter((path) => path === 'pyproject.toml');
  if (file === undefined) return null;
  const text = (await readTexts([file])).get(file) ?? '';
  return text.split('\n').some((line) => line.trim() === '[build-system]') ? file : null;
}

function named(field: string, given: string, digests: ReadonlyMap<string, string>): string {
  const path = posix.normalize(given);
  if (digests.has(path)) return path;
  throw new DeployError('INPUT', `${field} “${given}” is not among the files that are deployed.`, {
    description: 'Give its path from the top of the source, and name it in Include.',
  });
}

/** Takes what one line refers to along. */
function follow(reference: Reference, file: string, reached: Reached): void {
  const { kind, target, line } = reference;
  if (kind === 'findLinks') {
    if (isElsewhere(target)) return;
    // pip looks beside the file first, then from the directory it runs in: the release's top.
    const beside = posix.join(posix.dirname(file), target);
    reached.addTree(reached.has(beside) ? beside : posix.normalize(target), `${file}, line ${line}`);
    return;
  }
  if (kind === 'local') {
    if (reference.editable) {
      throw lineRefused(
        file,
        line,
        `an editable package (${target}) would tie all releases to one.`,
        'Leave out -e: the package is built from the release’s own files then.',
      );
    }
    if (!target.startsWith('/')) reached.addTree(posix.normalize(target), `${file}, line ${line}`);
    return;
  }
  const path = posix.join(posix.dirname(file), target);
  if (isElsewhere(target) || !reached.has(path)) {
    throw lineRefused(
      file,
      line,
      `${target} is not among the files that are deployed.`,
      'Requirements travel with the release, so that it can be told when they change and every release keeps its own. ' +
        'Put the file into the source and name it in Include.',
    );
  }
  reached.addText(path);
}

function isElsewhere(target: string): boolean {
  return isAddress(target) || target.startsWith('/');
}

/** The files that are reached, with what tells whether they changed. */
class Reached {
  /** Those that are requirements or constraints themselves. */
  readonly texts = new Set<string>();
  private readonly found = new Map<string, string>();
  /** What was taken along as a whole: a thousand lines may name one directory. */
  private readonly trees = new Set<string>();
  private readonly sortedPaths: readonly string[];

  constructor(private readonly digests: ReadonlyMap<string, string>) {
    this.sortedPaths = [...digests.keys()].sort();
  }

  has(path: string): boolean {
    if (this.digests.has(path)) return true;
    return this.sortedPaths[this.firstFrom(`${path}/`)]?.startsWith(`${path}/`) ?? false;
  }

  addText(path: string): void {
    this.texts.add(path);
    this.found.set(path, this.digests.get(path) ?? '');
  }

  /** A file, or everything below a directory. */
  addTree(given: string, where: string): void {
    const path = posix.normalize(given).replace(/\/$/, '');
    if (this.trees.has(path)) return;
    const paths = [...(this.digests.has(path) ? [path] : []), ...this.below(path === '.' ? '' : `${path}/`)];
    if (paths.length === 0) {
      throw new DeployError('INPUT', `${where}: ${given} is not among the files that are deployed.`, {
        description:
          'Put it into the source and name it in Include, or give an absolute path of the engine’s side.',
      });
    }
    for (const known of paths) this.found.set(known, this.digests.get(known) ?? '');
    this.trees.add(path);
  }

  private below(prefix: string): string[] {
    const start = this.firstFrom(prefix);
    let end = start;
    while (this.sortedPaths[end]?.startsWith(prefix)) end += 1;
    return this.sortedPaths.slice(start, end);
  }

  /** Where the first path that is not before `text` stands. */
  private firstFrom(text: string): number {
    let [low, high] = [0, this.sortedPaths.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const path = this.sortedPaths[middle];
      if (path !== undefined && path < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  sorted(): Array<[string, string]> {
    return [...this.found].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
