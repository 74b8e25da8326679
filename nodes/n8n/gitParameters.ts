import type { ICredentialDataDecryptedObject, IDataObject } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import { cacheDirectory } from '../shared/git/cache';
import type { GitCredentials } from '../shared/git/credentials';
import { openGit } from '../shared/git/source';
import type { BundleLimits, Selection } from '../shared/source/bundle';
import type { Source } from '../shared/source/source';
import { refuseBlocked, resolvePath } from './fileAccess';
import type { ItemContext } from './runItems';
import { readChoice, readText } from './values';

const GIT_CREDENTIAL = 'hotDeployGitApi';

/** n8n closes it to nodes, so that nobody writes hooks into it: reading it is as allowed as reading what it is of. */
const GIT_DIRECTORY = /\/\.git(?:\/.*)?$/;

/** Opens the commit that an item names. It is found at once; the caller closes the source. */
export async function openRepository(
  { node, itemIndex, read, signal }: ItemContext,
  selection: Selection,
  limits: BundleLimits,
): Promise<Source> {
  const access = readChoice('Repository Access', read('repositoryAccess', 'public'), [
    'public',
    'credential',
  ]);
  return openGit({
    repository: readText('Repository', read('repository', '')),
    reference: readText('Reference', read('reference', '')),
    subdirectory: readText('Subdirectory', read('subdirectory', '')),
    credentials:
      access === 'credential'
        ? gitCredentials(await node.getCredentials(GIT_CREDENTIAL, itemIndex))
        : undefined,
    selection,
    limits,
    cache: cacheDirectory(process.env),
    allowFile: async (directory) =>
      refuseBlocked(node, 'Repository', await resolvePath(node, directory.replace(GIT_DIRECTORY, ''))),
    signal,
  });
}

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
