import type { CommitId } from '../../contract/names';
import { collectPaths } from '../changedPaths';
import { readCommit, readReference } from '../gitNames';
import { at, listAt, plain, textAt } from '../payload';
import type { ListedPaths, Push } from '../push';

/** What GitHub lists at most, and what it used to. A list of just that length may have been cut. */
const LIMITS = { now: 2048, once: 20 };

/** Reads the payload of GitHub's event `push`. Throws `INPUT` for names that can't be used. */
export function readGitHub(payload: unknown): Push[] {
  const reference = textAt(payload, 'ref');
  const after = readCommit('after', textAt(payload, 'after'));
  const forced = at(payload, 'forced');
  return [
    {
      addresses: addressesOf(payload),
      reference,
      before: readCommit('before', textAt(payload, 'before')),
      commit: after && namedCommit(payload, reference, after),
      forced: typeof forced === 'boolean' ? forced : null,
      pusher: plain(textAt(payload, 'pusher', 'name')),
      message: plain(textAt(payload, 'head_commit', 'message')),
      listed: listedBy(listAt(payload, 'commits')),
    },
  ];
}

/** The addresses of the repository in payloads of GitHub and of those who followed it. */
export function addressesOf(payload: unknown): string[] {
  return ['html_url', 'clone_url', 'ssh_url'].map((field) => textAt(payload, 'repository', field));
}

/** Of an annotated tag `after` is the tag itself, and the head commit what it names. */
export function namedCommit(payload: unknown, reference: string, after: CommitId): CommitId {
  const head = textAt(payload, 'head_commit', 'id');
  if (readReference(reference)?.kind !== 'tag' || head === '') return after;
  return readCommit('head_commit.id', head) ?? after;
}

function listedBy(commits: unknown[]): ListedPaths {
  const { paths, complete } = collectPaths(commits);
  const isWhole = commits.length < LIMITS.now && commits.length !== LIMITS.once;
  return { paths, complete: complete && isWhole };
}
