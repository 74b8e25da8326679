import { asCommitId, type CommitId } from '../contract/names';
import { DeployError } from '../errors';
import {
  checkReference,
  chooseReference,
  isShortCommit,
  namesFor,
  type ResolvedReference,
} from './reference';
import { EVERYTHING, EVERYWHERE } from './fetch';
import type { Repository } from './repository';

/**
 * Finds the commit that a branch, tag or commit id means, with one question to the server; with none for a full id.
 *
 * @throws DeployError `INPUT` for what can't be a reference or means two things, `NOT_FOUND` when there is none,
 * `CONNECTION`
 */
export async function resolveReference(repository: Repository, given: string): Promise<ResolvedReference> {
  const reference = checkReference(given);
  const full = asCommitId(reference.toLowerCase());
  if (full) {
    repository.objectFormat = formatOf(full);
    return { commit: full };
  }
  try {
    // The default branch tells what ids look like there.
    const advertised = await repository.advertised([...namesFor(reference), 'HEAD']);
    const [first] = advertised;
    if (first) repository.objectFormat = formatOf(first.id);
    const found = chooseReference(reference, advertised);
    if (found) return found;
    if (isShortCommit(reference)) {
      return { commit: await repository.withCache(() => expand(repository, reference.toLowerCase())) };
    }
  } catch (error) {
    throw repository.explain(error);
  }
  throw await notThere(repository, reference);
}

function formatOf(id: CommitId): Repository['objectFormat'] {
  return id.length === 40 ? 'sha1' : 'sha256';
}

/** A server tells nothing of short ids: the names of all commits are fetched, and nothing of what they hold. */
async function expand(repository: Repository, short: string): Promise<CommitId> {
  const matching: CommitId[] = [];
  await repository.inTurn(async () => {
    await repository.fetch({ options: ['--filter=tree:0', '--force'], refspecs: EVERYTHING, history: true });
    const commits = repository.rows({ command: 'rev-list', options: [EVERYWHERE] }, '\n', { history: true });
    for await (const row of commits) {
      const id = row.startsWith(short) ? asCommitId(row) : undefined;
      if (id !== undefined) matching.push(id);
    }
  });
  const [commit] = matching;
  if (commit !== undefined && matching.length === 1) return commit;
  if (commit === undefined) throw await notThere(repository, short);
  throw new DeployError(
    'INPUT',
    `Reference “${short}” is the beginning of ${matching.length} commits’ ids.`,
    {
      description: 'Give more digits of the one that is meant.',
    },
  );
}

async function notThere({ address }: Repository, reference: string): Promise<DeployError> {
  const what = reference === 'HEAD' ? 'has no commits yet' : `has no branch, tag or commit “${reference}”`;
  return new DeployError('NOT_FOUND', `Repository ${address.url} ${what}.`, {
    description: 'Check Reference; branches and tags are told apart by case.',
  });
}
