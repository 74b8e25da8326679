import type {
  ICredentialDataDecryptedObject,
  ICredentialsDecrypted,
  ICredentialTestFunctions,
  INodeCredentialTestResult,
} from 'n8n-workflow';

import { complaintAbout } from '../shared/push/secret';

/** Tests the webhook credential as far as that goes without a delivery: whether its secret is one that can be used. */
export async function hotDeployWebhookApiTest(
  this: ICredentialTestFunctions,
  credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
  const { secret } = credential.data ?? {};
  const complaint = complaintAbout(typeof secret === 'string' ? secret : '');
  if (complaint) return { status: 'Error', message: complaint };
  return {
    status: 'OK',
    message: 'The secret can be used. Whether the forge has the same shows when it sends its first delivery.',
  };
}
