import type { CommitId } from '../../contract/names';
import { collectPaths } from '../changedPaths';
import { readCommit } from '../gitNames';
import { at, listAt, plain, textAt } from '../payload';
import type { Push } from '../push';

/**
 * Reads the payload of GitLab's push and tag push events: it lists at most 20 commits, says how many there are, and
 * doesn't say whether a push was forced. Throws `INPUT` for names that can't be used.
 */
export function readGitLab(payload: unknown): Push[] {
  const after = readCommit('after', textAt(payload, 'after'));
  const commits = listAt(payload, 'commits');
  const { paths, complete } = collectPaths(commits);
  return [
    {
      addresses: ['web_url', 'git_http_url', 'git_ssh_url'].map((field) => textAt(payload, 'project', field)),
      reference: textAt(payload, 'ref'),
      before: readCommit('before', textAt(payload, 'before')),
      commit: after && checkedOut(payload, after),
      forced: null,
      pusher: plain(textAt(payload, 'user_username') || textAt(payload, 'user_name')),
      message: plain(messageOf(payload, commits, after)),
      listed: { paths, complete: complete && at(payload, 'total_commits_count') === commits.length },
    },
  ];
}

/** Of an annotated tag `after` is the tag itself, and `checkout_sha` the commit it names. */
function checkedOut(payload: unknown, after: CommitId): CommitId {
  const id = textAt(payload, 'checkout_sha');
  return (id && readCommit('checkout_sha', id)) || after;
}

/** Of the commit after the push, or of the annotated tag. */
function messageOf(payload: unknown, commits: unknown[], after: string | null): string {
  const head = commits.find((commit) => textAt(commit, 'id') === after);
  return textAt(head, 'message') || textAt(payload, 'message');
}
