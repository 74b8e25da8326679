/** The check that asks a service over HTTP after the switch. */
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import type { Check, CheckResult, HttpRequest } from '../../../nodes/shared/release/checks';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { makeCertificate } from '../../support/gitHttp';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const servers: Server[] = [];
const open = new Set<Socket>();
let base: string;
let version = 0;

beforeAll(async () => {
  base = await make('app');
  await deployTo(base, await nextVersion());
});
afterAll(() => {
  servers.forEach((server) => server.close());
  open.forEach((socket) => socket.destroy());
});

async function nextVersion(): Promise<string> {
  const directory = await make('version');
  await writeTree(directory, { 'run.py': `print(${++version})\n` });
  return directory;
}

async function portOf(server: Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => open.add(socket));
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const addressOf = async (answer: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await portOf(createServer(answer))}/`;

const saying = (content: string, status = 200): RequestListener => {
  return (_, response) => response.writeHead(status).end(content);
};

function asking(url: string, changes: Partial<HttpRequest> = {}, timeoutSeconds = 1): Check {
  const statuses: HttpRequest['statuses'] = [[200, 299]];
  const http: HttpRequest = { url, method: 'GET', headers: {}, statuses, verify: true, ...changes };
  return checkOf({ type: 'http', name: 'answers', when: 'after', timeoutSeconds, http });
}

/** What came of it in a deployment. One that did not pass has taken that back. */
async function resultOf(check: Check): Promise<CheckResult> {
  const before = readlinkSync(join(base, 'current'));
  const version = await nextVersion();
  try {
    const { checks } = await deployTo(base, version, { checks: [check] });
    expect(readlinkSync(join(base, 'current'))).not.toBe(before);
    return checks.at(-1) as CheckResult;
  } catch (error) {
    const failed = error as { code: string; details: { check: CheckResult } };
    expect(failed.code).toBe('CHECK');
    expect(readlinkSync(join(base, 'current'))).toBe(before);
    return failed.details.check;
  }
}

test('the right answer: it passes after the switch, and says the status', async () => {
  const result = await resultOf(asking(await addressOf(saying('ready'))));
  expect(result).toMatchObject({
    passed: true,
    when: 'after',
    type: 'http',
    output: '200 after 1 attempt\n',
  });
});

test('a service that comes up late is asked until it is there, and each new answer is said once', async () => {
  let asked = 0;
  const url = await addressOf((_, response) => {
    asked += 1;
    response.writeHead(asked < 4 ? 503 : 200).end(asked < 4 ? 'starting' : 'ready');
  });
  const result = await resultOf(asking(url, { text: 'ready' }, 10));
  expect(result).toMatchObject({ passed: true, output: 'status 503\nstarting\n200 after 4 attempts\n' });
});

test('nobody answers: the switch is taken back, and the reason says so', async () => {
  const server = createTcpServer();
  const port = await portOf(server);
  server.close();
  await once(server, 'close');
  expect(await resultOf(asking(`http://127.0.0.1:${port}/`))).toMatchObject({
    passed: false,
    reason: 'not as it should be within 1 s: no answer: Connection refused',
  });
});

const large = 'x'.repeat((1 << 20) + 1);
test.each<[string, RequestListener, Partial<HttpRequest>, string]>([
  ['another status', saying('broken', 500), {}, 'status 500'],
  ['one of none', saying(''), { statuses: [[204, 204]] }, 'status 200'],
  ['without the text', saying('not yet'), { text: 'ready' }, 'status 200 without "ready" in it'],
  ['no JSON', saying('<html>'), { path: ['a'], value: '1' }, 'status 200 with no JSON'],
  [
    'JSON that is too deep',
    saying('['.repeat(100_000)),
    { path: ['a'], value: '1' },
    'status 200 with no JSON',
  ],
  ['another JSON', saying('{"b":1}'), { path: ['a', 'c'], value: '1' }, 'status 200 without a.c in its JSON'],
  ['too short a list', saying('[1]'), { path: ['1'], value: '1' }, 'status 200 without 1 in its JSON'],
  [
    'another value',
    saying('{"a":"down"}'),
    { path: ['a'], value: '"up"' },
    'status 200 with a: "down", not "up"',
  ],
  ['true is not 1', saying('{"a":true}'), { path: ['a'], value: '1' }, 'status 200 with a: true, not 1'],
  [
    'too much to look at',
    saying(large),
    { text: 'ready' },
    'status 200, and more than 1048576 bytes to look at',
  ],
  [
    'a circle',
    (_, response) => response.writeHead(302, { location: '/' }).end(),
    {},
    'more than 5 redirects',
  ],
  [
    'a redirect to a file',
    (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    {},
    "the redirect to 'file:///etc/passwd' leads nowhere",
  ],
])('a wrong answer is told as what it is: %s', async (_, answer, changes, reason) => {
  const result = await resultOf(asking(await addressOf(answer), changes));
  expect(result).toMatchObject({ passed: false, reason: `not as it should be within 1 s: ${reason}` });
});

test('what speaks no HTTP is told as that', async () => {
  const port = await portOf(createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')));
  const { reason } = await resultOf(asking(`http://127.0.0.1:${port}/`));
  expect(reason).toMatch(/^not as it should be within 1 s: what answers speaks no HTTP/);
});

test.each<[string, Partial<HttpRequest>]>([
  ['HTTP/1.1 200 OK\r\nA: ', {}],
  ['HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n', { text: 'ready' }],
])('an answer that never ends is not waited for: %j', async (begin, changes) => {
  const port = await portOf(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(begin);
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    }),
  );
  const started = Date.now();
  const { reason } = await resultOf(asking(`http://127.0.0.1:${port}/`, changes, 1));
  expect(reason).toMatch(/^not as it should be within 1 s: no whole answer within /);
  expect(Date.now() - started).toBeLessThan(8_000);
});

test.each<[string, string, string]>([
  ['{"a":[{"b":1.0}]}', 'a.0.b', '1'],
  ['{"a":{"b":[1,"x",null]}}', 'a', '{"b":[1,"x",null]}'],
  ['{"1":"x"}', '1', '"x"'],
])('the right JSON passes: %s at %s is %s', async (content, path, value) => {
  const check = asking(await addressOf(saying(content)), { path: path.split('.'), value });
  expect((await resultOf(check)).passed).toBe(true);
});

test('P7: headers are sent, only to whom they are for, and their values are in no output', async () => {
  const got: Array<[string, IncomingHttpHeaders]> = [];
  const listener: RequestListener = ({ url = '', method, headers }, response) => {
    got.push([`${method} ${url}`, headers]);
    if (url === '/') return response.writeHead(307, { location: '/here' }).end();
    if (url === '/here') return response.writeHead(302, { location: other }).end();
    return response.writeHead(500).end(`you said ${String(got[0]?.[1].authorization)}`);
  };
  const other = `${await addressOf(listener)}there`;
  const headers = { Authorization: 'Bearer s3cret-w0rd', 'X-Count': '1' };
  const result = await resultOf(asking(await addressOf(listener), { method: 'POST', headers }));
  expect(got.slice(0, 3).map(([what, { authorization }]) => [what, authorization])).toEqual([
    ['POST /', 'Bearer s3cret-w0rd'],
    ['POST /here', 'Bearer s3cret-w0rd'],
    ['POST /there', undefined],
  ]);
  expect(result.output).toContain('you said ***');
  expect(JSON.stringify(result)).not.toContain('s3cret');
});

test('a certificate that nobody vouches for is refused, and taken where any will do', async () => {
  const server = createTlsServer(makeCertificate(), saying('ready'));
  const url = `https://127.0.0.1:${await portOf(server)}/`;
  const { reason } = await resultOf(asking(url));
  expect(reason).toBe('not as it should be within 1 s: no TLS connection: self-signed certificate');
  expect((await resultOf(asking(url, { verify: false }))).passed).toBe(true);
});

test('an address of IPv6 is asked', async () => {
  const port = await portOf(createServer(saying('ready')), '::1');
  expect((await resultOf(asking(`http://[::1]:${port}/`))).passed).toBe(true);
});

test('P8: cancelled while it waits, it ends within 10 s, and the switch is taken back', async () => {
  const before = readlinkSync(join(base, 'current'));
  const stop = new AbortController();
  const url = await addressOf((_, response) => {
    stop.abort();
    response.writeHead(503).end();
  });
  const client = await openClient({ signal: stop.signal });
  const started = Date.now();
  const options = deployOptions(base, { checks: [asking(url, {}, 60)] });
  expect(await thrownBy(deploy(client, await bundleOf(await nextVersion(), options), options))).toMatchObject(
    {
      code: 'CANCELLED',
    },
  );
  await client.close();
  expect(Date.now() - started).toBeLessThan(10_000);
  expect(readlinkSync(join(base, 'current'))).toBe(before);
});
