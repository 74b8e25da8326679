import { DeployError } from '../errors';
import type { Repository } from './repository';
import type { ResolvedReference } from './reference';

/** Servers without protocol version 2 give only what their branches and tags lead to. */
const NOT_GIVEN = /unadvertised object|not our ref|no such remote ref|couldn't find remote ref/i;

/**
 * Makes sure that the cache has a commit and its directories, without history and, where the server can, without the
 * content of files. A commit that is in the cache already costs no question.
 *
 * Asked for by its id; where the server doesn't give that, by its name; at last by fetching everything.
 *
 * @throws DeployError `NOT_FOUND` when the repository has no such commit
 */
export async function fetchCommit(
  repository: Repository,
  { commit, name }: ResolvedReference,
): Promise<void> {
  if (await has(repository, commit)) return;
  const shallow = ['--depth=1', '--filter=blob:none', 'origin'];
  const attempts = [
    [...shallow, `${commit}:refs/hot-deploy/commits/${commit}`],
    ...(name ? [[...shallow, '--force', `${name}:refs/hot-deploy/names/${commit}`]] : []),
    [
      '--force',
      'origin',
      'refs/heads/*:refs/hot-deploy/all/heads/*',
      'refs/tags/*:refs/hot-deploy/all/tags/*',
    ],
  ];
  for (const attempt of attempts) {
    await repository.fetch(attempt, { unless: NOT_GIVEN });
    if (await has(repository, commit)) return;
  }
  throw new DeployError('NOT_FOUND', `Repository ${repository.address.url} has no commit ${commit}.`, {
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
  { commit, name }: ResolvedReference,
  blobs: ReadonlySet<string>,
): Promise<void> {
  const missing = await missingOf(repository, commit, blobs);
  if (missing.length === 0) return;
  // Nothing that is here could be the base of what is asked for.
  const given = await repository.fetch(['--filter=blob:none', '--stdin', 'origin'], {
    unless: NOT_GIVEN,
    input: asLines(missing),
    settings: ['fetch.negotiationAlgorithm=noop'],
  });
  if (!given) {
    // The server leaves contents out on request, and then doesn't give them one by one.
    const whole = `${name ?? commit}:refs/hot-deploy/whole/${commit}`;
    await repository.fetch(['--refetch', '--depth=1', '--force', 'origin', whole], { unless: NOT_GIVEN });
  }
  const stillMissing = await missingOf(repository, commit, blobs);
  if (stillMissing.length === 0) return;
  throw new DeployError(
    'CONNECTION',
    `Repository ${repository.address.url} did not give all files of ${commit}.`,
    {
      description: `Content ${stillMissing[0]} is missing. Run it again; if it stays, the repository is damaged.`,
    },
  );
}

async function missingOf(
  repository: Repository,
  commit: string,
  blobs: ReadonlySet<string>,
): Promise<string[]> {
  const args = ['rev-list', '--objects', '--missing=print', '--no-object-names', `${commit}^{tree}`];
  const listed = (await repository.run(args)).toString('latin1').split('\n');
  return listed
    .filter((line) => line.startsWith('?'))
    .map((line) => line.slice(1))
    .filter((id) => blobs.has(id));
}

/** Whether the cache has a commit with all its directories. */
export async function has(repository: Repository, commit: string): Promise<boolean> {
  return (await repository.attempt(['ls-tree', '-r', '-d', '-z', '--name-only', commit])).ok;
}

/** Each on a line of its own. */
export function* asLines(items: readonly string[]): Generator<string> {
  for (const item of items) yield `${item}\n`;
}
