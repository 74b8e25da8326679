import type {
  ICredentialDataDecryptedObject,
  ICredentialsDecrypted,
  ICredentialTestFunctions,
  INodeCredentialTestResult,
} from 'n8n-workflow';

import { parseRepository } from '../shared/git/address';
import { cacheDirectory } from '../shared/git/cache';
import { Repository } from '../shared/git/repository';
import { resolveReference } from '../shared/git/resolve';
import { asOneLine } from './sshCredentialTest';
import { gitCredentials } from './gitCredential';

/** Tests the Git credential the way the node uses it: asks its repository for the default branch. */
export async function hotDeployGitApiTest(
  this: ICredentialTestFunctions,
  credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
  try {
    const credentials = gitCredentials(credential.data ?? {});
    const address = parseRepository(credentials.repository);
    const repository = await Repository.open({ address, credentials, cache: cacheDirectory(process.env) });
    try {
      const { commit } = await resolveReference(repository, '');
      return {
        status: 'OK',
        message: `${address.url} can be read; its default branch is at ${commit.slice(0, 12)}.`,
      };
    } finally {
      await repository.close();
    }
  } catch (error) {
    return { status: 'Error', message: asOneLine(error) };
  }
}
