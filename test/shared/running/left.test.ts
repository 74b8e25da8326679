/** What is left of runs when nobody waits for them any more: items 3 and 4 of the node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { deployTo, openClient, temporaryDirectories } from '../../support/deployment';
import { temporaryMounts } from '../../support/disks';
import { allGone, leftOfRuns, obedientEngine, runIn, toldIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const { mount } = temporaryMounts();
const make = temporaryDirectories();
let base: string;
const text = { wanted: { kind: 'text' } } as const;
const withFile = {
  input: {
    kind: 'content',
    pass: 'file',
    name: 'input.txt',
    open: async () =>
      (async function* () {
        yield Buffer.from('input');
      })(),
  },
} as const;

beforeAll(async () => {
  base = join(await make(), 'app');
  const source = await make('source');
  await writeTree(source, obedientEngine('one'));
  await deployTo(base, source);
});

test('1f.7: cancelled: within 10 s no process and no file of the run is left', async () => {
  const told = join(await make(), 'told');
  const stop = new AbortController();
  const client = await openClient({ signal: stop.signal });
  const running = thrownBy(runIn(client, base, ['stubborn', told], { ...text, ...withFile }));
  const pids = await toldIn(told);
  expect(leftOfRuns(base)).toHaveLength(1);
  stop.abort();
  expect(await running).toMatchObject({ code: 'CANCELLED', details: { status: 'cancelled' } });
  await allGone(pids, 10_000);
  await client.close();
  expect(leftOfRuns(base)).toEqual([]);
});

test('the connection is cut: within 10 s no process and no file of the run is left', async () => {
  const told = join(await make(), 'told');
  const client = await openClient();
  const running = thrownBy(runIn(client, base, ['stubborn', told], { ...text, ...withFile }));
  const pids = await toldIn(told);
  // As when n8n is killed: the executor reads the end of its input.
  (client as unknown as { channel: { stdin: { end(): void } } }).channel.stdin.end();
  await allGone(pids, 10_000);
  expect(await running).toMatchObject({ code: 'LOST', details: { status: 'unknown', attempts: 1 } });
  await client.close();
  expect(leftOfRuns(base)).toEqual([]);
});

test('cancelled while its input is awaited from a slow source: it ends at once, and nothing is left', async () => {
  const stop = new AbortController();
  const client = await openClient({ signal: stop.signal });
  let asked: () => void;
  const asking = new Promise<void>((resolve) => (asked = resolve));
  const source = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('some');
    asked();
    await new Promise(() => undefined);
  };
  const input = { ...withFile.input, open: async () => source() };
  const running = thrownBy(runIn(client, base, ['say'], { ...text, input }));
  await asking;
  stop.abort();
  expect(await running).toMatchObject({ code: 'CANCELLED' });
  await client.close();
  expect(leftOfRuns(base)).toEqual([]);
});

test('the disk is full while its input comes: that is said, and the next run gets its own input', async () => {
  const small = mount(await make('disk'), 'tmpfs', 'size=4m');
  await writeTree(small, obedientEngine('plain'));
  const client = await openClient();
  let opened: () => void;
  const asked = new Promise<void>((resolve) => (opened = resolve));
  // Refused long before its source, which is slow, has ended.
  const content = async function* (): AsyncGenerator<Buffer> {
    try {
      for (let piece = 0; piece < 12; piece++) yield Buffer.alloc(1 << 20, 'x');
    } finally {
      await Promise.race([asked.then(() => pause(100)), pause(500)]);
    }
  };
  const large = { ...withFile.input, open: async () => content() };
  const slow = async function* (): AsyncGenerator<Buffer> {
    opened();
    await pause(300);
    yield* await withFile.input.open();
  };
  const [refused, next] = await Promise.all([
    thrownBy(runIn(client, small, ['say'], { ...text, input: large })),
    runIn(client, small, ['read', '{inputFile}'], {
      ...text,
      input: { ...withFile.input, open: async () => slow() },
    }),
  ]);
  expect(refused).toMatchObject({ code: 'STEP', message: expect.stringMatching(/no space|full/i) });
  expect(JSON.parse(String(next.output))).toMatchObject({ text: 'input' });
  await client.close();
});

test('nothing is heard any more: within the silence and 10 s nothing is left', async () => {
  const told = join(await make(), 'told');
  const client = await openClient({ silenceSeconds: 2 });
  const running = thrownBy(runIn(client, base, ['stubborn', told], text));
  const pids = await toldIn(told);
  (client as unknown as { pulse: { stop(): void } }).pulse.stop();
  await allGone(pids, 12_000);
  expect(await running).toMatchObject({ code: 'LOST', details: { status: 'unknown' } });
  await client.close();
});

test('the executor itself is killed: its runs end, and the next run removes their files', async () => {
  const told = join(await make(), 'told');
  const client = await openClient();
  const running = thrownBy(runIn(client, base, ['stubborn', told], { ...text, ...withFile }));
  const pids = await toldIn(told);
  process.kill(client.hello.processId, 'SIGKILL');
  expect(await running).toMatchObject({ code: 'LOST', details: { status: 'unknown' } });
  await allGone(pids, 10_000);
  expect(leftOfRuns(base)).toHaveLength(1);
  const next = await openClient();
  await runIn(next, base, ['say'], { ...withFile });
  await next.close();
  expect(leftOfRuns(base)).toEqual([]);
});

test('its supervisor is killed: so is the run, which is said', async () => {
  const client = await openClient();
  const running = thrownBy(runIn(client, base, ['wait', '60'], { ...text }));
  const supervisor = await supervisorOf(client);
  const [engine] = await childrenOf(supervisor);
  process.kill(supervisor, 'SIGKILL');
  expect(await running).toMatchObject({ code: 'STEP', message: expect.stringContaining('supervised') });
  await allGone([engine], 5_000);
  await client.close();
});

async function supervisorOf(client: ExecutorClient): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt++) {
    for (const child of await childrenOf(client.hello.processId)) {
      const line = readFileSync(`/proc/${child}/cmdline`, 'utf8');
      if (line.includes('hot-deploy-run-supervisor') && (await childrenOf(child)).length > 0) return child;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('there is no supervisor');
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
    const child = spawn('pgrep', ['-P', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] });
    let stdout = '';
    child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
    void once(child, 'close').then(() => resolve({ stdout }));
  });
  return stdout.split('\n').filter(Boolean).map(Number);
}

describe('with a key', () => {
  test('the run goes on when n8n goes away, and whoever asks with the key gets its outcome and starts nothing', async () => {
    const file = join(await make(), 'once');
    const changes = { runKey: 'job 1' };
    const first = await openClient();
    const lost = thrownBy(runIn(first, base, ['once', file, '1.5'], changes));
    await toldIn(file);
    process.kill(first.hello.processId, 'SIGKILL');
    expect(await lost).toMatchObject({ code: 'LOST', details: { status: 'unknown' } });
    const second = await openClient();
    // Live, and afterwards.
    for (let asked = 0; asked < 2; asked++) {
      expect(await runIn(second, base, ['once', file, '1.5'], changes)).toMatchObject({
        status: 'succeeded',
        runKey: 'job 1',
        repeated: true,
        output: { done: true },
      });
    }
    await second.close();
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test('two that ask at once start one run', async () => {
    const file = join(await make(), 'once');
    const clients = await Promise.all([openClient(), openClient(), openClient()]);
    const results = await Promise.all(
      clients.map((client) => runIn(client, base, ['once', file, '0.5'], { runKey: 'job 2' })),
    );
    await Promise.all(clients.map((client) => client.close()));
    expect(results.map(({ output }) => output)).toEqual([{ done: true }, { done: true }, { done: true }]);
    expect(results.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test('each try has an outcome of its own: whoever asks again finds all of them, and starts nothing', async () => {
    const file = join(await make(), 'count');
    const changes = { ...text, runKey: 'job 7', retries: 5 };
    for (const repeated of [false, true]) {
      const client = await openClient();
      expect(await runIn(client, base, ['count', file, '3'], changes)).toMatchObject({
        ...{ status: 'succeeded', attempts: 3, runKey: 'job 7', repeated },
      });
      await client.close();
      expect(readFileSync(file, 'utf8')).toBe('xxx');
    }
  });

  test('a failed outcome is kept, too', async () => {
    const client = await openClient();
    for (const repeated of [false, true]) {
      const failed = await thrownBy(runIn(client, base, ['exit', '4'], { runKey: 'job 3' }));
      expect(failed.details).toMatchObject({ status: 'failed', exitCode: 4, stderr: 'going\n', repeated });
    }
    await client.close();
  });

  test('cancelling ends it', async () => {
    const told = join(await make(), 'told');
    const stop = new AbortController();
    const client = await openClient({ signal: stop.signal });
    const running = thrownBy(runIn(client, base, ['stubborn', told], { ...text, runKey: 'job 4' }));
    const pids = await toldIn(told);
    stop.abort();
    expect(await running).toMatchObject({ code: 'CANCELLED' });
    await allGone(pids, 10_000);
    await client.close();
    const next = await openClient();
    const known = await thrownBy(runIn(next, base, ['stubborn', told], { ...text, runKey: 'job 4' }));
    expect(known.details).toMatchObject({ status: 'cancelled', repeated: true });
    await next.close();
  });

  test('a lost outcome is unknown, and started again only where it is repeatable', async () => {
    const file = join(await make(), 'once');
    const client = await openClient();
    const changes = { runKey: 'job 5' };
    const running = thrownBy(runIn(client, base, ['once', file, '60'], changes));
    const [engine] = await toldIn(file);
    process.kill(await supervisorOf(client), 'SIGKILL');
    await running;
    await allGone([engine], 5_000);
    await client.close();
    const next = await openClient();
    const unknown = await thrownBy(runIn(next, base, ['once', file, '60'], changes));
    expect(unknown).toMatchObject({ code: 'RUN', details: { status: 'unknown', exitCode: null } });
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
    const again = await runIn(next, base, ['once', file, '60'], {
      ...changes,
      repeatable: true,
      timeoutSeconds: 1,
    }).catch((error: { details: unknown }) => error.details);
    expect(again).toMatchObject({ status: 'timedOut', repeated: false });
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
    await next.close();
  });

  test('the key of another run is refused', async () => {
    const client = await openClient();
    await runIn(client, base, ['say', 'one'], { runKey: 'job 6' });
    const refused = await thrownBy(runIn(client, base, ['say', 'two'], { runKey: 'job 6' }));
    await client.close();
    expect(refused).toMatchObject({ code: 'INPUT', message: 'Run Key "job 6" was used for another run.' });
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('1f.5: an engine’s limit holds over executions: never more runs than slots', async () => {
  const marks = await make('marks');
  const clients = await Promise.all([openClient(), openClient(), openClient()]);
  let most = 0;
  let over = false;
  const isOne = (pid: string) => commandOf(pid).endsWith(`run.py wait 0.1 ${marks} `);
  const sampling = (async () => {
    while (!over) {
      most = Math.max(most, readdirSync('/proc').filter(isOne).length);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const runs = clients.flatMap((client) =>
    Array.from({ length: 8 }, () => runIn(client, base, ['wait', '0.1', marks], { ...text, engineLimit: 2 })),
  );
  const results = await Promise.all(runs);
  over = true;
  await sampling;
  await Promise.all(clients.map((client) => client.close()));
  expect(results.every(({ status }) => status === 'succeeded')).toBe(true);
  expect(most).toBe(2);
  expect(Math.max(...results.map(({ waitedMs }) => waitedMs ?? 0))).toBeGreaterThan(0);
});
