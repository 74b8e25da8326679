import type { DetachOptions } from '../../nodes/shared/release/options';
import { type DetachResult, returnToPlain } from '../../nodes/shared/operations/detach';
import { type ConversationOptions, deployOptions, inConversation } from './deployment';

/** Does so at once, or not at all. */
export const DETACHING: Pick<
  DetachOptions,
  'extractionWaitSeconds' | 'withoutPackages' | 'removeHistory' | 'handOver'
> = {
  extractionWaitSeconds: 0,
  withoutPackages: false,
  removeHistory: false,
  handOver: { readySeconds: 20, drainSeconds: 10, keepOldSeconds: 0 },
};

/** Returns an engine to a plain directory in a conversation of its own. */
export async function detachAt(
  basePath: string,
  changes: Partial<DetachOptions> = {},
  conversation: ConversationOptions = {},
): Promise<DetachResult> {
  return inConversation(
    (client) => returnToPlain(client, { ...deployOptions(basePath), ...DETACHING, ...changes }),
    conversation,
  );
}
