import type { ReleaseId } from '../../../nodes/shared/contract/names';
import type { CallOptions } from '../../../nodes/shared/executor/calls';
import type { ArgumentsOf } from '../../../nodes/shared/contract/verbs';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { bring, isRunning, lock, processEnd } from '../../support/conversation';
import { openClient, temporaryDirectories } from '../../support/deployment';
import { thrownBy } from '../../support/thrown';
import { asReleaseId } from '../../support/named';

const make = temporaryDirectories();
const FILES = { 'run.py': 'print(1)\n' };

let basePath: string;
let client: ExecutorClient;
let release: ReleaseId;

beforeEach(async () => {
  basePath = await make();
  client = await openClient();
  await lock(client, basePath);
  release = await bring(client, basePath, FILES);
});

afterEach(() => client.close());

function python(code: string): ArgumentsOf<'run'> {
  return { release, kind: 'python', code, timeoutSeconds: 60 };
}

/** A step that is done in an instant. */
function note(of: ExecutorClient, options: CallOptions = {}): Promise<unknown> {
  return of.call('noteRefusal', { to: null, operation: 'test', reason: 'none' }, options);
}

/** Starts a check that runs for a minute; resolves with its process id and the promise of its result. */
async function startLong(of: ExecutorClient): Promise<{ processId: number; result: Promise<unknown> }> {
  let result: Promise<unknown> = Promise.resolve();
  const processId = await new Promise<number>((resolve, reject) => {
    const code = 'import os, time; print(os.getpid()); time.sleep(60)';
    result = of.call('run', python(code), { onOutput: (text) => resolve(Number(text)) });
    result.catch(reject);
  });
  return { processId, result };
}

describe('groups', () => {
  it('after a step that was refused, the rest of its group is not carried out; other groups are', async () => {
    const [group, other] = [client.group(), client.group()];
    const missing = '20200101-000000-0000000';
    const refused = client.call('archive', { release: asReleaseId(missing) }, { group });
    const skipped = note(client, { group });
    const carriedOut = note(client, { group: other });
    const alone = note(client);
    expect(await thrownBy(refused)).toMatchObject({ details: { skipped: false } });
    expect(await thrownBy(skipped)).toMatchObject({
      code: 'STEP',
      message: 'An earlier step of the same group was not carried out.',
      details: { skipped: true },
    });
    await Promise.all([carriedOut, alone]);
    expect((await thrownBy(note(client, { group }))).details.skipped).toBe(true);
  });

  it('a required check that does not pass stops its group, another one does not', async () => {
    const run = (required: boolean, group: number) =>
      client.call('run', python('raise SystemExit(3)'), { group, required });
    const [strict, lenient] = [client.group(), client.group()];
    const results = Promise.all([run(true, strict), run(false, lenient)]);
    const skipped = note(client, { group: strict });
    const carriedOut = note(client, { group: lenient });
    expect((await thrownBy(skipped)).details.skipped).toBe(true);
    await carriedOut;
    for (const result of await results) expect(result).toMatchObject({ passed: false, exitCode: 3 });
  });

  it('a background step runs beside the others and costs no round trip', async () => {
    const before = client.stats.roundTrips;
    const order: string[] = [];
    const background = client
      .call('run', python('import time; time.sleep(0.5)'), {
        background: true,
      })
      .then(() => order.push('background'));
    await note(client).then(() => order.push('foreground'));
    await background;
    expect(order).toEqual(['foreground', 'background']);
    expect(client.stats.roundTrips - before).toBe(1);
  });

  it('steps that are sent together cost one round trip and are answered in order', async () => {
    const before = client.stats.roundTrips;
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (number) => {
        await note(client);
        order.push(number);
      }),
    );
    expect(order).toEqual([1, 2, 3]);
    expect(client.stats.roundTrips - before).toBe(1);
  });
});

describe('the end of a conversation', () => {
  it('P5: steps after close, or content, are refused at once', async () => {
    const closing = client.close();
    const refused = { code: 'LOST', message: 'The conversation with this machine broke off: it was closed.' };
    expect(await thrownBy(note(client))).toMatchObject(refused);
    async function* content(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
    }
    expect(await thrownBy(client.sendContent(content()))).toMatchObject(refused);
    expect(await closing).toEqual({ reason: 'the connection ended', reverted: false, live: null });
    expect(await client.close()).toEqual(client.ended);
    expect(await thrownBy(note(client))).toMatchObject(refused);
  });

  it('P5: an executor that is killed: what waits and what comes is refused as LOST', async () => {
    const { processId, result } = await startLong(client);
    process.kill(client.hello.processId, 'SIGKILL');
    const lost = {
      code: 'LOST',
      message: 'The conversation with this machine broke off: ended by SIGKILL.',
      details: { exit: { code: null, signal: 'SIGKILL' } },
    };
    expect(await thrownBy(result)).toMatchObject(lost);
    expect(await thrownBy(note(client))).toMatchObject(lost);
    process.kill(processId, 'SIGKILL');
  });

  it('P5: killed while content is on its way: LOST, not a broken pipe', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let count = 0; ; count++) {
        if (count === 3) process.kill(client.hello.processId, 'SIGKILL');
        yield Buffer.alloc(1024 * 1024);
      }
    }
    expect(await thrownBy(client.sendContent(endless()))).toMatchObject({ code: 'LOST' });
  });

  it('P8: aborted while a check runs: CANCELLED soon, and the check has ended', async () => {
    const abort = new AbortController();
    const other = await openClient({ signal: abort.signal });
    await client.close();
    await lock(other, basePath);
    release = await bring(other, basePath, FILES);
    const { processId, result } = await startLong(other);
    const started = Date.now();
    abort.abort();
    expect(await thrownBy(result)).toMatchObject({ code: 'CANCELLED', details: { ended: { live: null } } });
    expect(Date.now() - started).toBeLessThan(3000);
    expect(isRunning(processId)).toBe(false);
    expect(await thrownBy(note(other))).toMatchObject({ code: 'CANCELLED' });
  });

  it('P8: aborted before or while the interpreter starts: CANCELLED, and nothing stays', async () => {
    const aborted = AbortSignal.abort();
    expect(await thrownBy(openClient({ signal: aborted }))).toMatchObject({ code: 'CANCELLED' });
    const abort = new AbortController();
    const opening = openClient({ signal: abort.signal });
    abort.abort();
    expect(await thrownBy(opening)).toMatchObject({ code: 'CANCELLED' });
  });

  it('P5: the lock is not kept by what a check leaves running', async () => {
    const code = [
      'import subprocess, sys',
      "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)",
      'print(child.pid)',
    ].join('\n');
    const { output, passed } = await client.call('run', python(code));
    const processId = Number(output);
    try {
      expect({ passed, running: isRunning(processId) }).toEqual({ passed: true, running: true });
      await client.close();
      const other = await openClient();
      await lock(other, basePath);
      await other.close();
    } finally {
      process.kill(processId, 'SIGKILL');
    }
    await processEnd(processId);
  });

  it('the lock tells who holds it', async () => {
    const other = await openClient();
    const thrown = await thrownBy(lock(other, basePath));
    expect(thrown).toMatchObject({
      code: 'LOCKED',
      details: { holder: { processId: client.hello.processId } },
    });
    await other.close();
  });
});
