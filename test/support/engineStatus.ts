/** What is said of an engine, by itself and by its directory. */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { RunningService } from '../../nodes/shared/contract/serviceVerbs';
import { getStatus } from '../../nodes/shared/operations/status';
import { type ConversationOptions, deployOptions, inConversation } from './deployment';

/** The release that `current` names. */
export function liveRelease(base: string): string {
  return readlinkSync(join(base, 'current')).replace('releases/', '');
}

export function statusOf(base: string, options: ConversationOptions = {}): ReturnType<typeof getStatus> {
  return inConversation((client) => getStatus(client, deployOptions(base)), options);
}

/** The versions of all its services that `serve.py` runs. */
export async function generationsOf(base: string): Promise<RunningService['generations']> {
  return (await statusOf(base)).services.flatMap(({ generations }) => generations);
}
