import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import type { ItemContext } from '../../n8n/item';
import { readVariables } from '../../n8n/variables';
import { readChoice } from '../../n8n/values';
import type { RunRequest } from '../../shared/run/request';

const SECRETS = 'hotDeployEngineSecretsApi';

type Secrets = Pick<RunRequest, 'secrets' | 'secretsOnStdin'>;

/** What the credential holds. Throws `INPUT`, which quotes nothing of it. */
export function secretsIn({ secretVariables, pass }: ICredentialDataDecryptedObject): Secrets {
  const how = readChoice('Pass As of the credential', pass ?? 'environment', ['environment', 'stdin']);
  return {
    secrets: readVariables('Variables of the credential', secretVariables ?? ''),
    secretsOnStdin: how === 'stdin',
  };
}

/** The engine's secrets, where a credential with them is chosen. */
export async function readSecrets({ node, itemIndex }: ItemContext): Promise<Secrets> {
  if (!node.getNode().credentials?.[SECRETS]) return { secrets: {}, secretsOnStdin: false };
  return secretsIn(await node.getCredentials(SECRETS, itemIndex));
}
