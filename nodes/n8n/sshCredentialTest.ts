import { parseBasePath } from '../shared/contract/names';
import type {
  ICredentialDataDecryptedObject,
  ICredentialsDecrypted,
  ICredentialTestFunctions,
  INodeCredentialTestResult,
} from 'n8n-workflow';

import { toDeployError } from '../shared/errors';
import type { ExecutorClient } from '../shared/executor/client';
import { NoAnswer } from '../shared/executor/noAnswer';
import { printable } from '../shared/text/printable';
import { Executors } from './executors';
import { sshOptions } from './sshOptions';

const TIMEOUT_MS = 20_000;
const PYTHON = 'python3';
/** Nothing is asked for there. */
const UNUSED = parseBasePath('/app');

/**
 * Tests the SSH credential the way the nodes use it: logs in, becomes the engine's user and starts its Python. A host
 * without one is a good host, too: engines in containers have their own.
 */
export async function hotDeploySshApiTest(
  this: ICredentialTestFunctions,
  credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
  const executors = new Executors();
  const data = credential.data ?? {};
  try {
    const client = await executors.open(
      {
        connection: 'ssh',
        hostOverride: '',
        basePath: UNUSED,
        interpreter: { python: PYTHON, runtime: 'host' },
        startTimeoutMs: TIMEOUT_MS,
      },
      async () => data,
    );
    await client.close();
    return { status: 'OK', message: whatAnswered(client) };
  } catch (error) {
    if (error instanceof NoAnswer && error.pythonMissing) return withoutPython(data);
    return { status: 'Error', message: asOneLine(error) };
  } finally {
    await executors.close();
  }
}

function whatAnswered({ hello, connection: { software } }: ExecutorClient): string {
  const { user, hostname, python, freeBytes } = hello;
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB`;
  return printable(
    `Logged in to ${hostname}${software ? ` (${software})` : ''}; operations run there as ${user}, with this host’s ` +
      `Python ${python.version} (an engine in a container has its own), and ${free} are free on its root file system.`,
  );
}

function withoutPython(data: ICredentialDataDecryptedObject): INodeCredentialTestResult {
  const { host, username } = sshOptions(data);
  return {
    status: 'OK',
    message: `Logged in to ${host} as ${username}. It has no ${PYTHON} itself, which only engines outside of containers need.`,
  };
}

/** What was thrown as one line for the editor: what happened, and what to do. */
export function asOneLine(thrown: unknown): string {
  const { message, description } = toDeployError(thrown);
  // The first line says what to do; what programs printed follows it, and has no place in one line.
  const [next] = (description ?? '').split('\n', 1);
  return `${message} ${next}`.trim();
}
