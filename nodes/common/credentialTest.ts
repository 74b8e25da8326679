import type {
  ICredentialDataDecryptedObject,
  ICredentialsDecrypted,
  ICredentialTestFunctions,
  INodeCredentialTestResult,
} from 'n8n-workflow';

import { toDeployError } from '../shared/errors';
import { Executors } from './executors';

const TIMEOUT_MS = 20_000;

/** Tests the SSH credential the way the nodes use it: logs in, becomes the engine's user and starts its Python. */
export async function hotDeploySshApiTest(
  this: ICredentialTestFunctions,
  credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
  const executors = new Executors();
  try {
    const client = await executors.open(
      {
        connection: 'ssh',
        hostOverride: '',
        basePath: '',
        interpreter: { python: 'python3', runtime: 'host' },
        startTimeoutMs: TIMEOUT_MS,
      },
      async () => credential.data ?? {},
    );
    const { user, hostname, python } = client.hello;
    await client.close();
    return {
      status: 'OK',
      message: `Logged in to ${hostname}; the engine’s user is ${user}, with Python ${python.version}.`,
    };
  } catch (error) {
    return { status: 'Error', message: asOneLine(error) };
  } finally {
    await executors.close();
  }
}

/** What was thrown as one line for the editor: what happened, and what to do. */
export function asOneLine(thrown: unknown): string {
  const { message, description } = toDeployError(thrown);
  // The first line says what to do; what programs printed follows it, and has no place in one line.
  const [next] = (description ?? '').split('\n', 1);
  return `${message} ${next}`.trim();
}
