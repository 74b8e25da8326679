/** What is sent before the executor has greeted, to whom, and what is believed of what comes back. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Channel, Connection, ProcessExit } from '../../../nodes/shared/connection/connection';
import { connectLocal } from '../../../nodes/shared/connection/local';
import { encodeAhead } from '../../../nodes/shared/executor/ahead';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { ExecutorOptions } from '../../../nodes/shared/executor/conversation';
import { encodeMessage, FrameReader, MARKER } from '../../../nodes/shared/executor/frames';
import { interpreterArguments } from '../../../nodes/shared/executor/interpreter';
import { programFor, SILENCE_SECONDS } from '../../../nodes/shared/executor/program';
import { runWithRetries } from '../../../nodes/shared/operations/attempts';
import { holdRelease } from '../../../nodes/shared/operations/run';
import type { RunRequest } from '../../../nodes/shared/run/request';
import { changedPython } from '../../support/changedPython';
import { onHost } from '../../support/conversation';
import { temporaryDirectories } from '../../support/deployment';
import { framesOf } from '../../support/frames';
import { heldBack } from '../../support/heldBack';
import { Impostor } from '../../support/impostor';
import { asBasePath } from '../../support/named';
import { obedientEngine, requestOf } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let directory: string;
let base: string;

beforeAll(async () => {
  directory = await make();
  base = join(directory, 'app');
  mkdirSync(base);
  await writeTree(base, obedientEngine('plain'));
});

/** A first run, as the node asks for it: nobody waits for a greeting. */
function firstRun(
  connection: Connection,
  changes: Partial<RunRequest> = {},
  options: Partial<ExecutorOptions> = {},
) {
  const request = requestOf(base, changes);
  const clients: ExecutorClient[] = [];
  const way = {
    connect: async () => {
      const client = await ExecutorClient.begin(connection, { interpreter: onHost(), ...options });
      clients.push(client);
      return client;
    },
    hold: async (client: ExecutorClient) => ({ held: holdRelease(client, request), pinnedTo: undefined }),
  };
  const noFiles = () => Promise.reject(new Error('no file was asked for'));
  const result = runWithRetries(way, request, () => noFiles).finally(async () => {
    await Promise.all(clients.map((client) => client.close()));
  });
  return { result, clients };
}

const place = (name: string) => ({
  ...{ description: name, host: name, remote: true },
  close: async () => undefined,
});

const asksForRun = (written: Buffer): boolean => written.includes('"runEngine"');

test('a first run waits once: it is asked for behind the program, and what the interpreter has read ahead is not lost', async () => {
  const connection = heldBack(connectLocal(), asksForRun);
  const words = [
    'say',
    ...Array.from({ length: 300 }, (_, index) => `a "word" \\ $(no) \n é \u{1f600} ${index}`),
  ];
  const { result, clients } = firstRun(connection, { arguments: words });
  expect(await result).toMatchObject({
    status: 'succeeded',
    output: { version: 'plain', words: words.slice(1) },
  });
  // Both were answered in the wake of the greeting.
  expect(clients.map(({ stats }) => stats.roundTrips)).toEqual([0]);
});

/** Something that listens to all that it is sent, and never greets. */
async function heardBySilence(changes: Partial<RunRequest>, options: Partial<ExecutorOptions> = {}) {
  const silent = new Impostor(Buffer.alloc(0));
  const heard: Buffer[] = [];
  silent.onHeard = (bytes) => heard.push(bytes);
  const error = await thrownBy(firstRun(silent, changes, { startTimeoutMs: 300, ...options }).result);
  return { error, heard: Buffer.concat(heard) };
}

const CONTENT = async () =>
  (async function* () {
    yield Buffer.from('hunter2');
  })();

test.each<[string, Partial<RunRequest>]>([
  ['secrets', { secrets: { API_KEY: 'hunter2' } }],
  ['secrets on standard input', { secrets: { API_KEY: 'hunter2' }, secretsOnStdin: true }],
  ['an environment', { environment: { TOKEN: 'hunter2' } }],
  ['an input', { input: { kind: 'content', pass: 'stdin', name: 'a', open: CONTENT } }],
  ['a key', { runKey: 'hunter2' }],
])('P7: a run with %s is not asked for before it is known who is there', async (_what, changes) => {
  const { heard, error } = await heardBySilence(changes);
  expect([heard.includes('hunter2'), asksForRun(heard)]).toEqual([false, false]);
  // Nothing was started: it can be tried again.
  expect(error).toMatchObject({ code: 'CONNECTION', message: 'engine did not start Python within 0.3 s.' });
});

test('P7: nothing at all is sent to a sudo that asks for a password, but that', async () => {
  const interpreter = { ...onHost(), become: 'sudoPassword' as const };
  const { heard, error } = await heardBySilence({}, { interpreter, sudoPassword: 'open sesame' });
  expect(heard.toString()).toBe('open sesame\n');
  expect(error).toMatchObject({ code: 'CONNECTION' });
});

test('P7: a shell that reads what was sent to an interpreter takes no argument for a command', async () => {
  const mark = (name: string) => join(directory, name);
  const words = [
    `$(touch ${mark('substituted')})`,
    `\`touch ${mark('ticked')}\``,
    `"; touch ${mark('quoted')}; "`,
    `'; touch ${mark('single')}; '`,
    `\n touch ${mark('line')} \n`,
    `| touch ${mark('pipe')}`,
  ];
  const local = connectLocal();
  // What the program has left open, as far as a shell sees it.
  const script = 'head -c "$1" > /dev/null; (printf %s "$2"; cat) | "$3"';
  const bytes = String(programFor(SILENCE_SECONDS).length);
  for (const shell of ['sh', 'bash']) {
    for (const before of ['', 'echo "', "echo '", 'echo `']) {
      const argv = ['sh', '-c', script, 'sh', bytes, before, shell];
      const inItsPlace = { ...place('a shell'), start: () => local.start(argv) };
      const { result } = firstRun(inItsPlace, { arguments: words }, { startTimeoutMs: 300 });
      expect((await thrownBy(result)).code).toMatch(/^(CONNECTION|LOST)$/);
    }
  }
  const marks = ['substituted', 'ticked', 'quoted', 'single', 'line', 'pipe'];
  expect(marks.filter((name) => existsSync(mark(name)))).toEqual([]);
});

test('what goes ahead is the same message, in letters, digits and marks that no shell heeds', () => {
  const args = {
    ...asked(),
    arguments: ['$(x) `y` "z" \\ \n \t ; | & < > * ? ~ # ! é \u{1f600} \u2028', 'a/b_c-d.e'],
  };
  const bytes = encodeAhead('runEngine', { id: 7, verb: 'runEngine', args, background: true }) as Buffer;
  const text = bytes.subarray(5).toString('latin1');
  expect(JSON.parse(text)).toEqual({ id: 7, verb: 'runEngine', args, background: true });
  expect(text).toMatch(/^[A-Za-z0-9{}[\],:".+\-\\]+$/);
  expect(text.replace(/\\u[0-9a-f]{4}/g, '')).not.toContain('\\');
  expect(encodeAhead('runEngine', { args: { ...asked(), arguments: ['x'.repeat(65_536)] } })).toBeUndefined();
  expect(encodeAhead('closeRun', { args: { run: '0'.repeat(16) } })).toBeUndefined();
});

function asked() {
  const { basePath, start, holder, timeoutSeconds } = requestOf('/app');
  const run = '0'.repeat(16);
  return { basePath, run, start, arguments: [] as string[], holder, timeoutSeconds, graceSeconds: 5 };
}

test('P7: an answer that comes before the greeting is none', async () => {
  const answer = { id: 1, ok: true, ms: 1, result: {} };
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(answer)]));
  expect(await thrownBy(firstRun(impostor).result)).toMatchObject({
    message: expect.stringContaining('it said something before it greeted'),
  });
});

describe('a Python that is too old', () => {
  let old: string;
  beforeAll(async () => {
    old = await changedPython(directory, 'old-python', 'sys.version_info = (3, 7, 0)');
  });

  test('is said, and no answer of it is believed', async () => {
    const { result, clients } = firstRun(connectLocal(), {}, { interpreter: onHost(old) });
    expect(await thrownBy(result)).toMatchObject({
      code: 'CONNECTION',
      message: expect.stringMatching(/3\.8 or newer is needed/),
    });
    expect(clients.map(({ isOver }) => isOver)).toEqual([true]);
  });

  test('carries out nothing that went ahead', async () => {
    const mark = join(directory, 'carried-out');
    const args = { ...asked(), basePath: asBasePath(base), arguments: [mark] };
    const start = { kind: 'program', name: 'touch' } as const;
    const message = { id: 1, verb: 'runEngine', args: { ...args, start } };
    const { stdin, stdout, exit } = await connectLocal().start(interpreterArguments(onHost(old)));
    stdin.write(Buffer.concat([programFor(SILENCE_SECONDS), encodeAhead('runEngine', message) as Buffer]));
    const reader = new FrameReader();
    for await (const chunk of stdout) {
      for (const { payload } of framesOf(reader, chunk as Buffer)) {
        const said = JSON.parse(payload.toString()) as Record<string, unknown>;
        if (said.id === 1) {
          expect(said).toMatchObject({ ok: false, failure: { kind: 'stepUnknown' } });
          stdin.end();
        }
      }
    }
    await exit;
    expect(existsSync(mark)).toBe(false);
  });
});

/** A host that takes what is sent and ends so, time and again. */
function ending(exit: ProcessExit): { connection: Connection; started: () => number } {
  let count = 0;
  const start = async (): Promise<Channel> => {
    count += 1;
    const one = new Impostor(Buffer.alloc(0));
    const left = new Promise<ProcessExit>((resolve) => {
      one.onHeard = (bytes) => asksForRun(bytes) && resolve(exit);
    });
    const { stdin, stdout, stderr } = one;
    return { stdin, stdout, stderr, exit: left, destroy: () => undefined };
  };
  return { connection: { ...place('engine'), start }, started: () => count };
}

test('P9: a run that went ahead when the connection was lost is unknown, and not started again', async () => {
  const { connection, started } = ending({ code: null, signal: null });
  expect(await thrownBy(firstRun(connection, { retries: 2 }).result)).toMatchObject({
    code: 'LOST',
    details: { status: 'unknown', attempts: 1 },
  });
  expect(started()).toBe(1);
});

test('… and one whose interpreter ended without greeting was not started: it is tried again', async () => {
  const { connection, started } = ending({ code: 127, signal: null });
  const error = await thrownBy(firstRun(connection, { retries: 2 }).result);
  expect(error).toMatchObject({
    code: 'CONNECTION',
    message: expect.stringContaining('ended before it answered'),
  });
  expect(started()).toBe(3);
});

function isAlive(processId: number): boolean {
  return existsSync(`/proc/${processId}/exe`);
}

test('P8: cancelled before the greeting: it is told so, and nothing of the run is left', async () => {
  const stop = new AbortController();
  const told = join(directory, 'told');
  const connection = heldBack(connectLocal(), (written) => {
    // Once all is on its way, and before anybody has greeted.
    if (asksForRun(written)) queueMicrotask(() => stop.abort());
    return asksForRun(written);
  });
  const { result } = firstRun(connection, { arguments: ['stubborn', told] }, { signal: stop.signal });
  expect(await thrownBy(result)).toMatchObject({ code: 'CANCELLED', details: { status: 'cancelled' } });
  const started = existsSync(told) ? readFileSync(told, 'utf8').split(' ').map(Number) : [];
  expect(started.filter(isAlive)).toEqual([]);
});
