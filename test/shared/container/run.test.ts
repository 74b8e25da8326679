/** Runs in a container, over an executor in it: pinned, bounded, and ended whole. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { getRuns } from '../../../nodes/shared/operations/getRuns';
import { stopRuns } from '../../../nodes/shared/operations/stopRuns';
import type { TakeFile } from '../../../nodes/shared/run/runResult';
import { type Container, type ContainerOptions, startContainer } from '../../support/container';
import {
  type ConversationOptions,
  deployTo,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { asBasePath } from '../../support/named';
import { AS_TEXT, leftOfRuns, obedientEngine, runIn, toldIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { until } from '../../support/until';

jest.setTimeout(240_000);
const make = temporaryDirectories();
const containers: Container[] = [];
const clients: ExecutorClient[] = [];
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  containers.forEach((container) => container.stop());
});

const BASE = '/srv/app';

interface Engine {
  /** Its base path, as this side has it. */
  base: string;
  parent: string;
  container: Container;
  open(options?: ConversationOptions): Promise<ExecutorClient>;
}

/** An engine in a container, deployed over an executor in it. */
async function engine(options: ContainerOptions = {}): Promise<Engine> {
  const parent = await make('mounted');
  const base = join(parent, 'app');
  mkdirSync(base);
  chmodSync(parent, 0o755);
  const [uid, gid] = (options.user ?? '0:0').split(':').map(Number);
  chownSync(base, uid, gid);
  const container = startContainer([{ host: parent, inside: '/srv' }], options);
  containers.push(container);
  const within: ConversationOptions = {
    interpreter: {
      python: '/usr/bin/python3',
      become: 'none',
      runtime: 'container',
      container: container.name,
      containerCommand: container.command,
    },
  };
  const source = await make('source');
  await writeTree(source, obedientEngine('one'));
  await deployTo(BASE, source, {}, within);
  return {
    base,
    parent,
    container,
    open: async (more = {}) => {
      const client = await openClient({ ...within, ...more });
      clients.push(client);
      return client;
    },
  };
}

/** The command lines of what runs in a container, but for what looks. */
function processesIn({ name, command }: Container): string[] {
  const script = 'for each in /proc/[0-9]*; do tr "\\0" " " < $each/cmdline; echo; done';
  const lines = execFileSync(command, ['exec', name, 'sh', '-c', script], { encoding: 'utf8' }).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.includes('/proc/[0-9]'));
}

/** Those of a stubborn run: itself, its worker, and what forked twice. */
const stubborn = (container: Container) =>
  processesIn(container).filter((line) => /run\.py stubborn|signal\.signal\(15/.test(line));

let usual: Engine;
let client: ExecutorClient;

beforeAll(async () => {
  usual = await engine();
  client = await usual.open();
});

test('a run is started in the container, pinned in place where that is allowed', async () => {
  expect(await runIn(client, BASE, ['say', 'a b'])).toMatchObject({
    status: 'succeeded',
    pinning: 'place',
    user: 'root',
    output: { version: 'one', data: 'one', words: ['a b'], cwd: BASE },
  });
});

test('1f.6: after its timeout the whole tree is ended, with what forked twice to get away', async () => {
  const started = performance.now();
  const ended = await thrownBy(
    runIn(client, BASE, ['stubborn', '/srv/told-timeout'], { ...AS_TEXT, timeoutSeconds: 1 }),
  );
  expect(ended.details).toMatchObject({ status: 'timedOut', signal: 'SIGKILL' });
  expect(readFileSync(join(usual.parent, 'told-timeout'), 'utf8').split(' ')).toHaveLength(3);
  expect(stubborn(usual.container)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(16_000);
});

test('6.5: what runs in the container is listed and stopped there, with all that it has started', async () => {
  const told = join(usual.parent, 'told-stopped');
  const ended = thrownBy(
    runIn(client, BASE, ['stubborn', '/srv/told-stopped'], { ...AS_TEXT, timeoutSeconds: 120 }),
  );
  await until(() => existsSync(told) && readFileSync(told, 'utf8').split(' ').length === 3);
  const beside = await usual.open();
  const { runs } = await getRuns(beside, asBasePath(BASE));
  expect(runs).toMatchObject([{ container: usual.container.name, live: true, processes: 3 }]);
  const result = await stopRuns(beside, {
    basePath: asBasePath(BASE),
    chosen: runs.map(({ processId }) => String(processId)),
    includeLive: true,
    dryRun: false,
    graceSeconds: 1,
    holder: { workflow: 'Test', execution: '1' },
  });
  expect(result).toMatchObject({ status: 'stopped', runs: [{ end: 'killed' }] });
  expect((await ended).details).toMatchObject({ status: 'killed', signal: 'SIGKILL' });
  expect(stubborn(usual.container)).toEqual([]);
});

const file = { kind: 'content', pass: 'file', name: 'input.bin' } as const;
const of = (content: Buffer) => ({
  input: {
    ...file,
    open: async () =>
      (async function* () {
        yield content;
      })(),
  },
});

test('1f.7: cancelled: within 10 s no process and no file of the run is left', async () => {
  const stop = new AbortController();
  const cancelled = await usual.open({ signal: stop.signal });
  const words = ['stubborn', '/srv/told-cancel'];
  const running = thrownBy(runIn(cancelled, BASE, words, { ...AS_TEXT, ...of(Buffer.from('x')) }));
  expect(await toldIn(join(usual.parent, 'told-cancel'))).toHaveLength(3);
  expect(stubborn(usual.container)).toHaveLength(3);
  expect(leftOfRuns(usual.base)).toHaveLength(1);
  const stopped = performance.now();
  stop.abort();
  expect(await running).toMatchObject({ code: 'CANCELLED', details: { status: 'cancelled' } });
  await cancelled.close();
  while (stubborn(usual.container).length > 0 && performance.now() - stopped < 10_000);
  expect(stubborn(usual.container)).toEqual([]);
  expect(performance.now() - stopped).toBeLessThan(11_000);
  expect(leftOfRuns(usual.base)).toEqual([]);
});

test('the program that leads into the container is killed: nothing of the run is left in it', async () => {
  const cut = await usual.open({ silenceSeconds: 3 });
  const running = thrownBy(runIn(cut, BASE, ['stubborn', '/srv/told-cut'], AS_TEXT));
  await toldIn(join(usual.parent, 'told-cut'));
  const cutOff = performance.now();
  (cut as unknown as { channel: { destroy(): void } }).channel.destroy();
  expect(await running).toMatchObject({ code: 'LOST', details: { status: 'unknown' } });
  while (stubborn(usual.container).length > 0 && performance.now() - cutOff < 13_000);
  expect(stubborn(usual.container)).toEqual([]);
  // The one that stands ready for the conversation that is still there.
  expect(processesIn(usual.container).filter((line) => line === 'hot-deploy-run-supervisor')).toHaveLength(1);
});

test('1f.8: a file goes in and comes out byte for byte', async () => {
  const content = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 11) & 255));
  let taken = Buffer.alloc(0);
  const take: TakeFile = async (_file, pieces) => {
    for await (const piece of pieces) taken = Buffer.concat([taken, piece]);
  };
  const wanted = { kind: 'files', patterns: ['**'] } as const;
  const words = ['copy', '{inputFile}', '{outputDirectory}'];
  const { output } = await runIn(client, BASE, words, { ...of(content), wanted }, take);
  expect(output).toEqual([{ path: 'input.bin', bytes: content.length }]);
  expect(taken.equals(content)).toBe(true);
  expect(leftOfRuns(usual.base)).toEqual([]);
});

/** What Docker's default profile forbids to programs without CAP_SYS_ADMIN. */
const FORBIDDING = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    {
      names: ['unshare', 'setns', 'mount', 'umount2', 'open_tree', 'move_mount'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 1,
    },
  ],
};

test.each([
  ['root', {}],
  ['nobody', { user: '65534:65534' }],
])(
  'P1: by code for %s, where the profile forbids mounts: it says so, and names its release',
  async (_who, options) => {
    const seccomp = join(await make('profile'), 'forbidding.json');
    await writeFile(seccomp, JSON.stringify(FORBIDDING));
    const { open, base } = await engine({ ...options, seccomp });
    const forbidden = await open();
    const result = await runIn(forbidden, BASE, ['given', 'config/version.json']);
    expect(result).toMatchObject({
      pinning: 'code',
      output: { version: 'one', late: 'one', data: 'one', release: result.release },
    });
    const content = of(Buffer.from('text'));
    expect(await runIn(forbidden, BASE, ['read', '{inputFile}'], content)).toMatchObject({
      output: { text: 'text' },
    });
    expect(leftOfRuns(base)).toEqual([]);
  },
);
