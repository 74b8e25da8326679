import { delimiter, join } from 'node:path';

import { N8N, NODE_DIRECTORY } from './paths';
import { freePorts } from './ports';
import { Server } from './process';
import { Rest } from './rest';

export interface N8nOptions {
  /** Where n8n keeps its things; the package is installed there. */
  userFolder: string;
  environment?: Record<string, string>;
  /** What its log is called; default `n8n`. */
  name?: string;
  /** Default: a free one. */
  port?: number;
}

/** A whole n8n that answers. */
export interface N8n {
  server: Server;
  port: number;
  url: string;
  rest: Rest;
}

/** What is the same for every n8n of this suite: it talks to nobody outside, and may run commands. */
const ENVIRONMENT = {
  N8N_LISTEN_ADDRESS: '127.0.0.1',
  N8N_HOST: '127.0.0.1',
  N8N_SECURE_COOKIE: 'false',
  N8N_DIAGNOSTICS_ENABLED: 'false',
  N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
  N8N_TEMPLATES_ENABLED: 'false',
  N8N_PERSONALIZATION_ENABLED: 'false',
  N8N_HIRING_BANNER_ENABLED: 'false',
  // Execute Command, as people call their engine, is off by default.
  NODES_EXCLUDE: '[]',
};

/** Starts n8n and resolves when its editor is there. Sign in to use `rest`. */
export async function startN8n(options: N8nOptions): Promise<N8n> {
  const [free, broker] = await freePorts(2);
  const port = options.port ?? free;
  const server = launch(options, ['start'], { N8N_PORT: `${port}`, N8N_RUNNERS_BROKER_PORT: `${broker}` });
  const url = `http://127.0.0.1:${port}`;
  try {
    await server.logged(/Editor is now accessible/);
  } catch (reason) {
    await server.stop();
    throw reason;
  }
  return { server, port, url, rest: new Rest(url) };
}

/** Starts a worker of queue mode and resolves when it takes jobs. */
export async function startWorker(options: N8nOptions): Promise<Server> {
  const [broker] = await freePorts(1);
  const server = launch(options, ['worker', '--concurrency=10'], { N8N_RUNNERS_BROKER_PORT: `${broker}` });
  try {
    await server.logged(/n8n worker is now ready/);
  } catch (reason) {
    await server.stop();
    throw reason;
  }
  return server;
}

function launch(options: N8nOptions, args: string[], ports: Record<string, string>): Server {
  const { environment = {}, name = 'n8n', userFolder } = options;
  const { HOME, LANG, TMPDIR } = process.env;
  return Server.start(name, [join(NODE_DIRECTORY, 'node'), N8N, ...args], {
    ...{ HOME, LANG, TMPDIR },
    PATH: [NODE_DIRECTORY, process.env.PATH].join(delimiter),
    N8N_USER_FOLDER: userFolder,
    ...ENVIRONMENT,
    ...ports,
    ...environment,
  });
}
