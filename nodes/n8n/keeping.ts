import { createHmac, randomBytes } from 'node:crypto';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { KeptConnections } from '../shared/connection/keptConnections';
import type { SshOptions } from '../shared/connection/ssh';
import type { EngineLocation } from './locationFields';
import { isRecord, readCount } from './values';

const DEFAULT_SECONDS = 60;
const MOST_SECONDS = 600;

/** The connections of all executions of this process. */
export const keptConnections = new KeptConnections();

/** Of this process only: what the keys were made of can't be guessed and compared anywhere else. */
const secret = randomBytes(32);

/**
 * How long a connection is kept after an execution, in milliseconds; 0: not at all.
 *
 * @throws DeployError `INPUT` naming the variable and its value
 */
export function keepMilliseconds(): number {
  const given = process.env.N8N_HOT_DEPLOY_KEEP_CONNECTIONS_SECONDS;
  return 1000 * readCount('N8N_HOT_DEPLOY_KEEP_CONNECTIONS_SECONDS', given, DEFAULT_SECONDS, 0, MOST_SECONDS);
}

/** What a connection depends on: which credential it is, what is in it, and what was made of that. */
interface Origin {
  credentialId: string;
  credential: ICredentialDataDecryptedObject;
  options?: SshOptions;
  location?: EngineLocation;
}

/** The same for the same credential with the same content, and for nothing else. Tells nothing of what is in it. */
export function connectionKey(origin: Origin): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(inOrder(origin)))
    .digest('base64');
}

/** The id by which n8n knows a credential; none where an expression chooses it, as it may choose several. */
export function credentialIdOf(id: string | null | undefined): string | undefined {
  return id && !id.startsWith('=') ? id : undefined;
}

/** The same value, with the names in it in order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  const names = Object.keys(value).sort();
  return names.map((name) => [name, inOrder(value[name])]);
}
