/** Asks for an engine's status as a node does, and leaves the connection open. It is the process's matter to end. */
import { text } from 'node:stream/consumers';
import { writeHeapSnapshot } from 'node:v8';

import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { Executors } from '../../nodes/n8n/executors';
import { keptConnections } from '../../nodes/n8n/keeping';
import { getStatus } from '../../nodes/shared/operations/status';
import { asBasePath, asEntrypoint } from './named';

/** What it is given on its standard input. */
export interface KeepingRequest {
  credential: ICredentialDataDecryptedObject;
  python: string;
  /** The engine’s: nobody else’s files come and go in it. */
  directory: string;
  /** Where to write all that is in its memory when the connection is kept. */
  heap?: string;
}

async function main(): Promise<string | undefined> {
  const { credential, python, directory, heap } = JSON.parse(await text(process.stdin)) as KeepingRequest;
  const basePath = asBasePath(directory);
  const executors = new Executors();
  const client = await executors.open(
    {
      connection: 'ssh',
      hostOverride: '',
      basePath,
      interpreter: { python, runtime: 'host' },
      startTimeoutMs: 20_000,
    },
    async () => credential,
    '1',
  );
  await getStatus(client, { basePath, entrypoint: asEntrypoint('run.py') });
  await client.close();
  await executors.close();
  return heap;
}

void main().then((heap) => {
  if (heap !== undefined) writeHeapSnapshot(heap);
  console.log(`${keptConnections.size} kept`);
});
