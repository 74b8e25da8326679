import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type RepairOptions, repairEngine, type RepairResult } from '../../nodes/shared/operations/repair';
import { type ConversationOptions, deployOptions, inConversation } from './deployment';

/** Repairs an engine in a conversation of its own. */
export async function repairAt(
  basePath: string,
  changes: Partial<RepairOptions> = {},
  conversation: ConversationOptions = {},
): Promise<RepairResult> {
  const options = { ...deployOptions(basePath), dryRun: false, ...changes };
  return inConversation((client) => repairEngine(client, options), conversation);
}

/** The kinds of what was found at each path, and whether it was put right. */
export function foundIn({ findings }: RepairResult): Record<string, [kind: string, done: boolean]> {
  return Object.fromEntries(findings.map(({ kind, path, done }) => [path, [kind, done]]));
}

/** Everything below a directory by name, sorted. */
export function namesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => join('.', path))
    .sort();
}
