/** A service that `serve.py` runs, and the workflows by which an n8n asks it and updates it. */
import { join } from 'node:path';

import type { INodeCredentials, INodeParameters } from 'n8n-workflow';

import { SERVERS } from '../../support/documentedSetups';
import type { ExportedWorkflow } from '../../support/n8n';
import { writeTree } from '../../support/tree';
import { Server } from './process';
import { answeredWebhook, chain, onEachItem } from './workflows';

/** What it answers. */
export interface Answer {
  /** Of the module that it has loaded, of one that it imports at the first request, and of a file that it reads at each. */
  versions: number[];
  /** Milliseconds since the epoch, as the request says when it was sent. */
  sent: number;
  /** Whether it is the first request of its connection. */
  first: boolean;
  /** The request's header of that name. */
  connection: string;
}

/** uvicorn has one object with the client's address for each connection: as long as it is kept, no other is the same. */
const APPLICATION = `
import json
from urllib.parse import parse_qs

newest = {}

async def app(scope, receive, send):
    if scope['type'] != 'http':
        return
    import late
    with open('data.json') as file:
        data = json.load(file)['version']
    client = scope['client']
    first = newest.get(client[1]) is not client
    newest[client[1]] = client
    sent = int(parse_qs(scope['query_string'].decode()).get('sent', ['0'])[0])
    connection = dict(scope['headers']).get(b'connection', b'').decode()
    answer = {'versions': [VERSION, late.VERSION, data], 'sent': sent, 'first': first, 'connection': connection}
    body = json.dumps(answer).encode()
    headers = [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
`;

/** Writes a version of it. */
export async function writeServiceVersion(directory: string, version: number): Promise<void> {
  await writeTree(directory, {
    'main.py': `VERSION = ${version}\n${APPLICATION}`,
    'late.py': `VERSION = ${version}\n`,
    'data.json': JSON.stringify({ version }),
  });
}

/** Starts the one that is deployed at a base path. */
export async function startService(basePath: string, port: number): Promise<Server> {
  const server = Server.start(
    'serve',
    [
      ...['env', '-C', basePath, 'python3', '.hot-deploy/serve.py', '--listen', `127.0.0.1:${port}`],
      ...['--', 'uvicorn', 'main:app', '--fd', '{fd}', '--no-access-log'],
    ],
    { ...process.env, PATH: `${join(SERVERS, 'bin')}:${process.env.PATH}` },
  );
  await server.logged(/Application startup complete/);
  return server;
}

/** That it answers, after a switch. */
export function answersAt(port: number): INodeParameters {
  const url = `http://127.0.0.1:${port}/`;
  return { type: 'http', name: 'Answers', url, when: 'after', timeoutSeconds: 30 };
}

/** A webhook that deploys the version of which it is given the directory, and answers with the item that comes out. */
export function serviceDeployment(
  path: string,
  basePath: string,
  credentials: INodeCredentials,
  check: INodeParameters[],
): ExportedWorkflow {
  const deployment = {
    name: 'Deploy',
    type: 'n8n-nodes-hot-deploy.hotDeploy',
    credentials,
    parameters: {
      ...{ operation: 'deploy', connection: 'ssh', basePath, dependencies: 'none', simplify: false },
      ...{ source: 'directory', sourceDirectory: '={{ $json.query.version }}' },
      ...{ include: '*.py, data.json', entrypoint: '', service: 'auto' },
      checks: { check },
      options: { createBackup: false, drainSeconds: 20 },
    },
  };
  return { ...chain(answeredWebhook(path), deployment), name: 'Deploy the service' };
}

/** A workflow that sends a request for each item, by n8n's own node. */
export function serviceRequests(path: string, port: number, options: INodeParameters): ExportedWorkflow {
  return onEachItem(path, {
    name: 'Request',
    type: 'n8n-nodes-base.httpRequest',
    typeVersion: 4.2,
    parameters: { url: `=http://127.0.0.1:${port}/?sent={{ Date.now() }}`, options },
  });
}
