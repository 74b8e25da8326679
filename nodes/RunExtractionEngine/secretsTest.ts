import type {
  ICredentialDataDecryptedObject,
  ICredentialsDecrypted,
  ICredentialTestFunctions,
  INodeCredentialTestResult,
} from 'n8n-workflow';

import { asOneLine } from '../n8n/sshCredentialTest';
import { secretsIn } from './fields/secrets';

/** Tests that the credential holds variables. What they are worth, only the engine can tell. */
export async function hotDeployEngineSecretsApiTest(
  this: ICredentialTestFunctions,
  credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
  try {
    const names = Object.keys(secretsIn(credential.data ?? {}).secrets);
    if (names.length === 0)
      return { status: 'Error', message: 'Variables is empty. Write one NAME=value a line.' };
    return { status: 'OK', message: `Runs get ${names.join(', ')}.` };
  } catch (error) {
    return { status: 'Error', message: asOneLine(error) };
  }
}
