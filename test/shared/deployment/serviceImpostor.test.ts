/** P5, P7: what answers at `serve.sock` may be anything: the engine stays whole, and nothing it says is more than text. */
import { renameSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import { impatientPython } from '../../support/changedPython';
import { checkOf, deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';
import { liveRelease, statusOf } from '../../support/engineStatus';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const AUTO: ServiceOptions = { method: 'auto', readySeconds: 1, drainSeconds: 1, keepOldSeconds: 0 };
/** On a machine that is busy with something else. */
const BUSY_MS = 1500;
const STATUS = { event: 'status', listen: ['127.0.0.1:8000'], generations: [], handOvers: 0, abandoned: 0 };
let base: string;
let first: string;
let next: string;
let server: Server;
let python: string;
const open = new Set<Socket>();

beforeAll(async () => {
  python = await impatientPython(await make('pythons'));
});

beforeEach(async () => {
  const [one, two] = await engineVersions(make, 'base', 'v2');
  next = two as string;
  base = await make('app');
  first = (await deployTo(base, one as string)).release;
});

afterEach(async () => {
  open.forEach((socket) => socket.destroy());
  await new Promise((resolve) => server.close(resolve));
});

type Answer = (request: { do: string }, socket: Socket) => unknown;

/** Answers each request with what it is told to: an object, a text as it is, or nothing. */
async function impostor(answer: Answer): Promise<void> {
  server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const line of data.toString().split('\n').filter(Boolean)) {
        const said = answer(JSON.parse(line) as { do: string }, socket);
        if (typeof said === 'string') socket.write(said);
        else if (said !== undefined) socket.write(`${JSON.stringify(said)}\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(join(base, '.hot-deploy/serve.sock'), resolve));
}

/** As a service does, but for some requests. */
const but =
  (others: Record<string, unknown>): Answer =>
  ({ do: verb }, socket) => {
    if (verb in others) {
      const other = others[verb];
      return typeof other === 'function' ? (other as (socket: Socket) => unknown)(socket) : other;
    }
    const answers: Record<string, unknown> = {
      status: STATUS,
      prepare: { event: 'ready', milliseconds: 1, live: first },
      steer: { event: 'steered', milliseconds: 1 },
      back: { event: 'back', live: first },
      keep: { event: 'kept' },
      update: { event: 'current' },
    };
    return answers[verb];
  };

const live = () => liveRelease(base);
const deployNext = (check?: 'after') =>
  deployTo(
    base,
    next,
    { service: AUTO, checks: check ? [checkOf({ when: check, command: 'false' })] : [] },
    { python },
  );

test.each<[string, Answer]>([
  ['says nothing', () => undefined],
  ['says what is no JSON', () => '{\n'],
  ['says what is no event', () => '[1]\n'],
  ['goes away', (_request, socket) => socket.destroy()],
  ['says a line without an end', () => 'x'.repeat(1 << 20)],
  ['says what is deep', () => `${'['.repeat(100_000)}\n`],
])('one that %s is no service: the deployment goes on without', async (_how, answer) => {
  await impostor(answer);
  const { service, status } = await deployNext();
  expect([service, status]).toEqual([undefined, 'deployed']);
});

test('P5: one that takes its time is a service all the same: it is handed over', async () => {
  const slowly = (socket: Socket) =>
    void setTimeout(() => socket.write(`${JSON.stringify(STATUS)}\n`), BUSY_MS);
  await impostor(but({ status: slowly }));
  const { service } = await deployTo(base, next, { service: AUTO });
  expect(service?.method).toBe('handOver');
});

test('what it says of itself has the form that it should have, or is left out', async () => {
  const odd = {
    listen: ['127.0.0.1:8000', '<script>', 'a b', 7, '\u001b[2J', 'x'.repeat(500)],
    handOvers: -1,
    abandoned: 'many',
    generations: [
      { release: '../../etc', state: 'owned', pid: -5, memoryMb: 1e300, pinning: 'x' },
      'none',
      { release: first, state: 'live', pid: 7.2, restarts: true },
    ],
  };
  await impostor(but({ status: { ...STATUS, ...odd } }));
  const { services } = await statusOf(base);
  expect(services).toEqual([
    {
      name: 'serve',
      listen: ['127.0.0.1:8000', '<script>'],
      handOvers: 0,
      abandoned: 0,
      generations: [
        { release: null, state: 'unknown', pinning: 'plain' },
        { release: first, state: 'live', pinning: 'plain', pid: 7 },
      ],
    },
  ]);
});

test.each<[string, Record<string, unknown>]>([
  ['never gets ready', { prepare: undefined }],
  ['goes away as it gets ready', { prepare: (socket: Socket) => socket.destroy() }],
  [
    'fails with words',
    { prepare: { event: 'failed', why: '\u202egpj', lastLines: 'x'.repeat(1 << 15), exitCode: 1e99 } },
  ],
  ['fails with other forms', { prepare: { event: 'failed', why: {}, lastLines: [], said: 5, signal: null } }],
  ['goes away as connections are moved', { steer: (socket: Socket) => socket.destroy() }],
  ['goes away as it is kept', { keep: (socket: Socket) => socket.destroy() }],
])(
  'one that %s: the deployment is refused or taken back, and the next one goes through',
  async (_how, others) => {
    await impostor(but(others));
    const error = await thrownBy(deployNext());
    expect(error.message).toMatch(/The new version of the service serve .*; the old one goes on answering\./);
    expect(error.message).not.toContain('\u202e');
    expect(live()).toBe(first);
    open.forEach((socket) => socket.destroy());
    server.removeAllListeners('connection');
    server.on('connection', (socket) => socket.destroy());
    expect((await deployNext()).status).toBe('deployed');
  },
);

test('P7: a link in the place of a service’s socket leads nowhere', async () => {
  const asked: string[] = [];
  await impostor(({ do: verb }) => void asked.push(verb));
  const elsewhere = join(base, 'elsewhere.sock');
  renameSync(join(base, '.hot-deploy/serve.sock'), elsewhere);
  symlinkSync(elsewhere, join(base, '.hot-deploy/serve-api.sock'));
  expect((await deployNext()).service).toBeUndefined();
  expect(asked).toEqual([]);
});

test('one that says that it is back, and lies: the files are back', async () => {
  await impostor(but({ back: { event: 'back', live: '20260101-000000-0000000' } }));
  const error = await thrownBy(deployNext('after'));
  expect(error).toMatchObject({ code: 'CHECK', details: { reverted: true } });
  expect(live()).toBe(first);
});
