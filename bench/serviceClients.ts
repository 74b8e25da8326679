import { get } from 'node:http';

import { BackToBack } from '../test/support/backToBack';

const LONGEST_MS = 20_000;
/** After a lost request a client waits so long before it asks again. */
const AGAIN_MS = 50;

/** One request, in milliseconds of `performance.now`. */
export interface Asked {
  startedAt: number;
  endedAt: number;
  /** The version that has answered; nothing where nobody has. */
  version?: string;
}

/** Clients that open a connection for each request, back to back, until they are stopped. */
export class ServiceClients extends BackToBack<Asked> {
  constructor(port: number, count: number) {
    super(
      count,
      () => asked(port),
      ({ version }) => (version === undefined ? AGAIN_MS : 0),
    );
  }
}

async function asked(port: number): Promise<Asked> {
  const startedAt = performance.now();
  const version = await versionAt(port);
  return { startedAt, endedAt: performance.now(), version };
}

/** The version that answers a request of its own connection; nothing where none answers as it should. */
export function versionAt(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lost = () => resolve(undefined);
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: LONGEST_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
      response.on('error', lost);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', lost);
  });
}
