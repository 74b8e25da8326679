import { once } from 'node:events';
import { createReadStream, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A package index on loopback that serves a directory of wheels as PEP 503 has it. */
export interface PackageIndex {
  /** Such as `http://127.0.0.1:1234/simple/`. */
  url: string;
  /** Paths asked for, and whether the credentials came along. */
  requests: Array<{ path: string; authorized: boolean }>;
  close(): Promise<void>;
}

/** Starts an index; with `credentials` it gives nothing to anybody else. */
export async function startPackageIndex(
  wheelhouse: string,
  credentials?: { username: string; password: string },
): Promise<PackageIndex> {
  const wanted =
    credentials &&
    `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const requests: PackageIndex['requests'] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0]);
    const authorized = !wanted || request.headers.authorization === wanted;
    requests.push({ path, authorized });
    if (!authorized) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="packages"' }).end();
      return;
    }
    const [, name] = /^\/simple\/([^/]+)\/$/.exec(path) ?? [];
    const files = readdirSync(wheelhouse);
    if (name) {
      const mine = files.filter((file) => file.split('-')[0].replace(/_/g, '-') === name);
      const links = mine.map((file) => `<a href="/files/${file}">${file}</a>`).join('\n');
      response
        .writeHead(mine.length > 0 ? 200 : 404, { 'Content-Type': 'text/html' })
        .end(`<html>${links}</html>`);
      return;
    }
    const file = files.find((known) => path === `/files/${known}`);
    if (file) createReadStream(join(wheelhouse, file)).pipe(response.writeHead(200));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
