import type { DetachOptions } from '../../nodes/shared/release/options';
import { type DetachResult, returnToPlain } from '../../nodes/shared/operations/detach';
import { type ConversationOptions, deployOptions, inConversation } from './deployment';

/** Returns an engine to a plain directory in a conversation of its own. */
export async function detachAt(
  basePath: string,
  changes: Partial<DetachOptions> = {},
  conversation: ConversationOptions = {},
): Promise<DetachResult> {
  const options = { extractionWaitSeconds: 0, withoutPackages: false, removeHistory: false };
  return inConversation(
    (client) => returnToPlain(client, { ...deployOptions(basePath), ...options, ...changes }),
    conversation,
  );
}
