import type { CommitId } from '../../contract/names';
import { NOTHING_LISTED } from '../changedPaths';
import { readCommit } from '../gitNames';
import { at, listAt, plain, textAt } from '../payload';
import type { Push } from '../push';

const PREFIXES: Readonly<Record<string, string>> = {
  branch: 'refs/heads/',
  tag: 'refs/tags/',
  annotated_tag: 'refs/tags/',
};

/**
 * Reads the payload of Bitbucket Cloud's event `repo:push`: one push may move several references, and no changed path
 * is ever listed. Throws `INPUT` for names that can't be used.
 */
export function readBitbucket(payload: unknown): Push[] {
  const actor = at(payload, 'actor');
  const pusher = plain(textAt(actor, 'nickname') || textAt(actor, 'display_name'));
  const addresses = [textAt(payload, 'repository', 'links', 'html', 'href')];
  return listAt(payload, 'push', 'changes').map((change) => {
    const forced = at(change, 'forced');
    return {
      addresses,
      reference: referenceOf(at(change, 'new') ?? at(change, 'old')),
      before: hashOf(change, 'old'),
      commit: hashOf(change, 'new'),
      forced: typeof forced === 'boolean' ? forced : null,
      pusher,
      message: plain(textAt(change, 'new', 'target', 'message')),
      listed: NOTHING_LISTED,
    };
  });
}

function referenceOf(side: unknown): string {
  return `${PREFIXES[textAt(side, 'type')] ?? 'refs/other/'}${textAt(side, 'name')}`;
}

/** Null where there is no reference: before it was created, after it was deleted. */
function hashOf(change: unknown, side: 'old' | 'new'): CommitId | null {
  if (at(change, side) === null) return null;
  return readCommit(`${side}.target.hash`, textAt(change, side, 'target', 'hash'));
}
