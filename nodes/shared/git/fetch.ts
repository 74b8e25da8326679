import type { CommitId } from '../contract/names';
import { DeployError } from '../errors';
import type { GitOption } from './gitArguments';
import type { Fetch, Repository } from './repository';
import type { ResolvedReference } from './reference';

/** Servers without protocol version 2 give only what their branches and tags lead to. */
const NOT_GIVEN = /unadvertised object|not our ref|no such remote ref|couldn't find remote ref/i;

/** Every branch and tag, under names of ours. */
export const EVERYTHING = [
  'refs/heads/*:refs/hot-deploy/all/heads/*',
  'refs/tags/*:refs/hot-deploy/all/tags/*',
];
/** The names of {@link EVERYTHING}. */
export const EVERYWHERE = '--glob=refs/hot-deploy/all/*';

/** As many commits as there can be: what was fetched without its history before gets it. */
const WHOLE_DEPTH = '--depth=2147483647';
const SHALLOW = ['--depth=1', '--filter=blob:none'] as const;

/**
 * Makes sure that the cache has a commit and its directories, without history and, where the server can, without the
 * content of files. A commit that is in the cache already costs no question.
 *
 * Asked for by its id; where the server doesn't give that, by its name; at last by fetching everything.
 *
 * @param onlyById leaves it at the first attempt
 * @throws DeployError `NOT_FOUND` when the repository has no such commit
 */
export async function fetchCommit(
  repository: Repository,
  { commit, name }: ResolvedReference,
  onlyById = false,
): Promise<void> {
  if (await has(repository, commit)) return;
  const byId: Fetch = { options: SHALLOW, refspecs: [`${commit}:refs/hot-deploy/commits/${commit}`] };
  const byName: Fetch = {
    options: [...SHALLOW, '--force'],
    refspecs: [`${name}:refs/hot-deploy/names/${commit}`],
  };
  // What was fetched in parts, which such a server can't complete, is fetched again.
  const all: Fetch = {
    options: ['--refetch', '--no-filter', WHOLE_DEPTH, '--force'],
    refspecs: EVERYTHING,
  };
  const found = await repository.inTurn(async () => {
    for (const attempt of onlyById ? [byId] : [byId, ...(name ? [byName] : []), all]) {
      // Somebody else may have fetched it meanwhile.
      if (await has(repository, commit)) return true;
      const given = await repository.fetch({ ...attempt, unless: NOT_GIVEN });
      // What the server does not give by its own name is in nothing else that it has.
      if (!given && attempt === byName) return false;
    }
    return has(repository, commit);
  });
  if (found) return;
  const { url } = repository.address;
  if (name !== undefined) {
    const sentence = `Repository ${url} says that ${name} is commit ${commit}, and does not give that commit.`;
    throw new DeployError('NOT_FOUND', sentence, {
      description:
        'The branch may have been rewritten meanwhile: run it again. If it stays, the repository is damaged.',
    });
  }
  throw new DeployError('NOT_FOUND', `Repository ${url} has no commit ${commit}.`, {
    description: 'It may have gone with a rewritten history. Give a branch, a tag or another commit.',
  });
}

/**
 * Makes sure that the cache has the content of some files of a commit, with one more question when any is missing.
 *
 * @param blobs ids of the files' contents
 */
export async function fetchContents(
  repository: Repository,
  resolved: ResolvedReference,
  blobs: ReadonlySet<string>,
): Promise<void> {
  const { commit } = resolved;
  if ((await missingOf(repository, commit, blobs)).length === 0) return;
  const stillMissing = await repository.inTurn(async () => {
    const missing = await missingOf(repository, commit, blobs);
    if (missing.length === 0) return missing;
    await fetchMissing(repository, resolved, missing);
    return missingOf(repository, commit, blobs);
  });
  if (stillMissing.length === 0) return;
  await repository.markDamaged();
  throw new DeployError(
    'CONNECTION',
    `Repository ${repository.address.url} did not give all files of ${commit}.`,
    {
      description: `Content ${stillMissing[0]} is missing. Run it again; if it stays, the repository is damaged.`,
    },
  );
}

async function fetchMissing(
  repository: Repository,
  { commit, name }: ResolvedReference,
  missing: readonly string[],
): Promise<void> {
  // Nothing that is here could be the base of what is asked for.
  const given = await repository.fetch({
    options: ['--filter=blob:none', '--stdin'],
    unless: NOT_GIVEN,
    input: asLines(missing),
    settings: ['fetch.negotiationAlgorithm=noop'],
  });
  if (given) return;
  // The server leaves contents out on request, and then doesn't give them one by one.
  await repository.fetch({
    options: ['--refetch', '--no-filter', '--depth=1', '--force'],
    refspecs: [`${name ?? commit}:refs/hot-deploy/whole/${commit}`],
    unless: NOT_GIVEN,
  });
}

async function missingOf(
  repository: Repository,
  commit: CommitId,
  blobs: ReadonlySet<string>,
): Promise<string[]> {
  const options = ['--objects', '--missing=print', '--no-object-names'] as const;
  const missing: string[] = [];
  const operands = [`${commit}^{tree}`];
  for await (const row of repository.rows({ command: 'rev-list', options, operands }, '\n')) {
    if (row.startsWith('?') && blobs.has(row.slice(1))) missing.push(row.slice(1));
  }
  return missing;
}

/** Whether the cache has a commit with all its directories. */
async function has(repository: Repository, commit: CommitId): Promise<boolean> {
  const options: GitOption[] = ['-r', '-d', '-z', '--name-only'];
  return (await repository.attempt({ command: 'ls-tree', options, operands: [commit] })).ok;
}

/** Each on a line of its own. */
export function* asLines(items: readonly string[]): Generator<string> {
  for (const item of items) yield `${item}\n`;
}
