import { type DetachResult, returnToPlain } from '../../nodes/shared/operations/detach';
import type { DetachOptions } from '../../nodes/shared/release/options';
import { type ConversationOptions, deployOptions, inConversation } from './deployment';
import { DETACHING } from './detachOptions';

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
