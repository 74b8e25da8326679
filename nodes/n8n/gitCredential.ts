import type { ICredentialDataDecryptedObject, IDataObject } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import type { GitCredentials } from '../shared/git/credentials';
import { readChoice, readText } from './values';

/**
 * The credential's fields as they are used.
 *
 * @throws DeployError `INPUT` without an address: it says which host the credential may be given to
 */
export function gitCredentials(credential: ICredentialDataDecryptedObject | IDataObject): GitCredentials {
  const text = (name: string) => readText(name, credential[name]);
  const authentication = readChoice('Authentication', credential.authentication ?? 'token', [
    'token',
    'password',
    'deployKey',
  ]);
  if (text('repository').trim() === '') {
    throw new DeployError('INPUT', 'Repository of the Git credential is empty.', {
      description: 'Enter the address of a repository that it opens; it is given to no other host.',
    });
  }
  const byToken = authentication === 'token';
  return {
    authentication,
    repository: text('repository'),
    username: (byToken ? text('loginName') : text('username')).trim(),
    password: byToken ? text('token').trim() : text('password'),
    privateKey: text('privateKey'),
    passphrase: text('passphrase'),
    hostKeyFingerprint: text('hostKeyFingerprint'),
  };
}
