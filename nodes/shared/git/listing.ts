import type { CommitId } from '../contract/names';
import { DeployError } from '../errors';
import { IgnoredPaths } from '../source/ignored';
import type { LimitCounter } from '../source/bundleLimits';
import { checkEntryPath, topLevelOf } from '../source/paths';
import type { CompiledSelection } from '../source/patterns';
import { quote } from '../source/quote';
import type { Repository } from './repository';

/** A file or link of a commit, by the id of its content. */
export interface ListedFile {
  path: string;
  type: 'file' | 'link';
  mode: number;
  blob: string;
}

/** What a commit holds, as far as the patterns are about it. */
export interface Listing {
  selected: ListedFile[];
  ignored: IgnoredPaths;
  topLevel: string[];
}

/** `git ls-tree`: mode, kind, id, a tab, and the path from the listed directory. */
const ROW = /^(\d{6}) (blob|commit|tree) ([0-9a-f]+)\t([\s\S]+)$/;
const LINK = '120000';
const EXECUTABLE = '100755';

/** Which part of a commit is listed. */
export interface ListedPart {
  commit: CommitId;
  /** Empty for the whole of it. */
  subdirectory: string;
  selection: CompiledSelection;
}

/**
 * Lists a commit's files below a subdirectory and sorts them by the patterns.
 *
 * @throws DeployError `NOT_FOUND` without that subdirectory, `INPUT` for a submodule that the patterns select and for
 * paths that can't be deployed
 */
export async function listCommit(
  repository: Repository,
  { commit, subdirectory, selection }: ListedPart,
  limits: LimitCounter,
): Promise<Listing> {
  const listing: Listing = { selected: [], ignored: new IgnoredPaths(), topLevel: [] };
  const topLevel = new Set<string>();
  for await (const row of rowsOf(repository, commit, subdirectory)) {
    const [, mode, kind, blob, path] = ROW.exec(row) ?? [];
    if (path === undefined || blob === undefined) continue;
    topLevel.add(topLevelOf(path));
    if (!selection.includes(path)) {
      listing.ignored.add(outermost(path, selection));
      continue;
    }
    if (kind === 'commit') throw submodule(path);
    if (checkEntryPath(path) !== path) throw strangeName(path);
    limits.addEntry(path);
    listing.selected.push({
      path,
      type: mode === LINK ? 'link' : 'file',
      mode: mode === EXECUTABLE ? 0o555 : 0o444,
      blob,
    });
  }
  listing.topLevel = [...topLevel];
  return listing;
}

/** Paths that differ between two commits of which the cache has the directories, from a subdirectory on. */
export async function changedPaths(
  repository: Repository,
  before: CommitId,
  after: CommitId,
  subdirectory: string,
): Promise<string[]> {
  const printed = await repository.run({
    command: 'diff-tree',
    options: ['-r', '-z', '--no-renames', '--name-only'],
    operands: [before, after],
  });
  const paths = printed.toString('utf8').split('\0').filter(Boolean);
  const prefix = subdirectory ? `${subdirectory}/` : '';
  // What lies outside of the subdirectory is named from the repository's top, so that nobody takes it for another file.
  return paths.map((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : `/${path}`));
}

async function* rowsOf(
  repository: Repository,
  commit: CommitId,
  subdirectory: string,
): AsyncGenerator<string> {
  if (subdirectory) await refuseNoDirectory(repository, commit, subdirectory);
  const options = ['-r', '-z', '--full-tree'] as const;
  yield* repository.rows({ command: 'ls-tree', options, operands: [`${commit}:${subdirectory}`] }, '\0');
}

async function refuseNoDirectory(
  repository: Repository,
  commit: CommitId,
  subdirectory: string,
): Promise<void> {
  const row = await repository.run({
    command: 'ls-tree',
    options: ['-z', '--full-tree'],
    operands: [commit, subdirectory],
  });
  const [, , kind] = ROW.exec(row.toString('utf8').replace(/\0$/, '')) ?? [];
  if (kind === 'tree') return;
  throw new DeployError(
    'NOT_FOUND',
    `Subdirectory ${quote(subdirectory)} is ${kind ? 'not a directory' : 'not there'} in commit ${commit.slice(0, 12)}.`,
    { description: 'Correct Subdirectory, or leave it empty for the repository’s top.' },
  );
}

/** The outermost directory of which nothing can be selected, or the path itself. */
function outermost(path: string, selection: CompiledSelection): string {
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    if (!selection.mayContain(path.slice(0, slash))) return path.slice(0, slash + 1);
  }
  return path;
}

/** A tree object can hold names that no directory can. */
function strangeName(path: string): DeployError {
  return new DeployError('INPUT', `${quote(path)} has a name in it that no file can have.`, {
    description:
      'The repository is damaged, or was made to do harm. Leave it out with Exclude, or repair it.',
  });
}

function submodule(path: string): DeployError {
  return new DeployError('INPUT', `${quote(path)} is a submodule, which is not fetched.`, {
    description: 'Leave it out with Exclude, or put its files into the repository itself.',
  });
}
