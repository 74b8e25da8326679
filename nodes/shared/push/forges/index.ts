import { DeployError } from '../../errors';
import { quote } from '../../source/quote';
import { eventOf } from '../headers';
import { parsePayload, textAt } from '../payload';
import type { Forge, Push, PushRequest } from '../push';
import { readBitbucket } from './bitbucket';
import { readGitea } from './gitea';
import { readGitHub } from './github';
import { readGitLab } from './gitlab';

/** How a forge's pushes are told from its other events, and read. */
interface ForgeReader {
  isPush(event: string, payload: unknown): boolean;
  read(payload: unknown): Push[];
}

const READERS: Readonly<Record<Forge, ForgeReader>> = {
  github: { isPush: (event) => event === 'push', read: readGitHub },
  gitea: { isPush: (event) => event === 'push', read: readGitea },
  gitlab: {
    isPush: (_event, payload) => ['push', 'tag_push'].includes(textAt(payload, 'object_kind')),
    read: readGitLab,
  },
  bitbucket: { isPush: (event) => event === 'repo:push', read: readBitbucket },
};

/** What a request that is genuine holds: pushes, or something else that `reason` names. */
export type Reading = { pushes: Push[] } | { pushes: null; reason: string };

/** Reads a request whose signature was verified. Throws `INPUT` for a body or names that can't be used. */
export function readRequest(forge: Forge, { headers, body }: PushRequest, contentType: string): Reading {
  const payload = parsePayload(body, contentType);
  const event = eventOf(headers, forge);
  const { isPush, read } = READERS[forge];
  if (!isPush(event, payload)) return { pushes: null, reason: notAPush(event) };
  const pushes = read(payload);
  if (pushes.length > 0) return { pushes };
  throw new DeployError('INPUT', 'The payload lists no reference; look at the delivery in the forge.');
}

function notAPush(event: string): string {
  if (event === 'ping' || event === 'diagnostics:ping') {
    return 'Hello! The secret fits, and pushes to the chosen references will be acted on.';
  }
  return `Only pushes are acted on, and this is ${quote(event.slice(0, 60))}; choose no other events in the webhook’s settings.`;
}
