import type { ICredentialType } from 'n8n-workflow';

import { HotDeployEngineSecretsApi } from '../../credentials/HotDeployEngineSecretsApi.credentials';
import { HotDeployGitApi } from '../../credentials/HotDeployGitApi.credentials';
import { HotDeployPackageIndexApi } from '../../credentials/HotDeployPackageIndexApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { HotDeployWebhookApi } from '../../credentials/HotDeployWebhookApi.credentials';
import { labelsOf, parameterTable } from './parameterTable';

const CREDENTIALS: readonly ICredentialType[] = [
  new HotDeploySshApi(),
  new HotDeployGitApi(),
  new HotDeployPackageIndexApi(),
  new HotDeployWebhookApi(),
  new HotDeployEngineSecretsApi(),
];

/** The fields of a credential, by its name in n8n. */
export function credentialTable(name: string): string {
  const credential = CREDENTIALS.find((each) => each.name === name);
  if (!credential) throw new RangeError(`There is no credential ${name}`);
  return parameterTable(credential.properties, labelsOf(credential.properties));
}
