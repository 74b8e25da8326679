import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GitHttpOptions {
  /** Directory below which the repositories are. */
  root: string;
  /** Asks for this login. */
  auth?: { username: string; password: string };
  /** Default true. */
  protocolV2?: boolean;
  /** Configuration of the server's `git`, such as `uploadpack.allowFilter=true`. */
  config?: readonly string[];
  /** Serves https with this key and certificate. */
  tls?: Certificate;
  /** Answers a request in place of `git`; whether it did. */
  instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The request, counted from 0, of whose answer only so many bytes are sent; then it stands still. */
  stall?: { request: number; bytes: number; reached: () => void };
}

/** One request as the server saw it. */
export interface SeenRequest {
  method: string;
  url: string;
  authorization?: string;
  /** Of the bodies, as they crossed the wire. */
  bytesReceived: number;
  bytesSent: number;
}

type Served = SeenRequest & Pick<GitHttpOptions, 'stall'>;

/** A real smart-HTTP server on loopback: `git http-backend` as CGI. */
export interface GitHttp {
  /** Of the root, with a slash at its end. */
  url: string;
  port: number;
  requests: SeenRequest[];
  /** Requests that reached `git`: not those that were only answered with 401. */
  questions(): string[];
  /** Bytes of all bodies so far. */
  bytes(): number;
  forget(): void;
  options: GitHttpOptions;
  close(): Promise<void>;
}

export interface Certificate {
  key: string;
  cert: string;
}

/** A certificate for 127.0.0.1 that vouches for itself. */
export function makeCertificate(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-tls-'));
  try {
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Starts a server; `options` may be changed while it runs. Close it in `afterAll`. */
export async function startGitHttp(options: GitHttpOptions): Promise<GitHttp> {
  const requests: SeenRequest[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const seen: Served = {
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
      bytesReceived: 0,
      bytesSent: 0,
    };
    if (options.stall?.request === requests.push(seen) - 1) seen.stall = options.stall;
    request.on('data', (chunk: Buffer) => (seen.bytesReceived += chunk.length));
    request.pause();
    if (options.instead?.(request, response)) return;
    if (options.auth && seen.authorization !== basic(options.auth)) refuse(request, response);
    else serve(options, seen, request, response);
  };
  const server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/`,
    port,
    requests,
    questions: () =>
      requests
        .filter(({ authorization }) => !options.auth || authorization === basic(options.auth))
        .map(({ method, url }) => `${method} ${url}`),
    bytes: () => requests.reduce((sum, { bytesReceived, bytesSent }) => sum + bytesReceived + bytesSent, 0),
    forget: () => void requests.splice(0),
    options,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="repositories"' }).end('Log in.\n');
}

function serve(
  options: GitHttpOptions,
  seen: Served,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const backend = spawn('git', ['http-backend'], { env: environmentOf(options, request) });
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  let head: Buffer | undefined = Buffer.alloc(0);
  backend.stdout.on('data', (chunk: Buffer) => {
    let body = chunk;
    if (head) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      body = head.subarray(end + 4);
      writeHead(response, head.subarray(0, end).toString('latin1'));
      head = undefined;
    }
    const { stall } = seen;
    if (stall && seen.bytesSent + body.length >= stall.bytes) {
      backend.stdout.destroy();
      response.write(body.subarray(0, stall.bytes - seen.bytesSent));
      seen.bytesSent = Infinity;
      return stall.reached();
    }
    seen.bytesSent += body.length;
    if (!response.write(body)) {
      backend.stdout.pause();
      response.once('drain', () => backend.stdout.resume());
    }
  });
  backend.on('close', () => seen.stall ?? response.end());
  response.on('close', () => backend.kill());
}

function writeHead(response: ServerResponse, head: string): void {
  const fields = head.split('\r\n').map((line) => /^([^:]+): *(.*)$/.exec(line)?.slice(1) ?? ['', '']);
  const headers = fields.filter(([name]) => name && name !== 'Status') as Array<[string, string]>;
  const status = fields.find(([name]) => name === 'Status')?.[1] ?? '200';
  response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers));
}

function environmentOf(options: GitHttpOptions, request: IncomingMessage): Record<string, string> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://x');
  const { config = [], protocolV2 = true, root } = options;
  const settings = config.flatMap((setting, index) => {
    const equals = setting.indexOf('=');
    return [
      [`GIT_CONFIG_KEY_${index}`, setting.slice(0, equals)],
      [`GIT_CONFIG_VALUE_${index}`, setting.slice(equals + 1)],
    ];
  });
  const header = (name: string): string => String(request.headers[name] ?? '');
  return {
    PATH: process.env.PATH ?? '',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: `${config.length}`,
    ...Object.fromEntries(settings),
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: request.method ?? '',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: header('content-type'),
    CONTENT_LENGTH: header('content-length'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    REMOTE_USER: options.auth?.username ?? '',
    REMOTE_ADDR: '127.0.0.1',
    ...(protocolV2 && { GIT_PROTOCOL: header('git-protocol') }),
  };
}
