import { collectPaths } from '../changedPaths';
import { readCommit } from '../gitNames';
import { at, listAt, plain, textAt } from '../payload';
import type { Push } from '../push';
import { addressesOf, namedCommit } from './github';

/**
 * Reads the payload of the event `push` of Gitea and Forgejo, which resembles GitHub's but doesn't say whether a push
 * was forced, and lists five commits unless it is configured otherwise. Throws `INPUT` for names that can't be used.
 */
export function readGitea(payload: unknown): Push[] {
  const reference = textAt(payload, 'ref');
  const after = readCommit('after', textAt(payload, 'after'));
  const commits = listAt(payload, 'commits');
  const { paths, complete } = collectPaths(commits);
  return [
    {
      addresses: addressesOf(payload),
      reference,
      before: readCommit('before', textAt(payload, 'before')),
      commit: after && namedCommit(payload, reference, after),
      forced: null,
      pusher: plain(textAt(payload, 'pusher', 'login') || textAt(payload, 'pusher', 'username')),
      message: plain(textAt(payload, 'head_commit', 'message')),
      listed: { paths, complete: complete && at(payload, 'total_commits') === commits.length },
    },
  ];
}
