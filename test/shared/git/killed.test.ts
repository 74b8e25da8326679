/**
 * n8n, `git`, or both are killed, or the execution is cancelled, in the middle of every answer of the server; what comes
 * next goes straight through.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { openGit } from '../../../nodes/shared/git/commitSource';
import { readAll } from '../../support/bundles';
import { temporaryDirectories } from '../../support/deployment';
import { drawn } from '../../support/drawn';
import { ENGINE, gitCredentials, gitOptions, withBundle } from '../../support/git';
import { type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';
import { ownProcesses, remainingProcesses } from '../../support/ownProcesses';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const { TMPDIR } = process.env;
const os = jest.requireActual<typeof import('node:os')>('node:os');
const WORKER = join(__dirname, '../../support/gitWorker.ts');
const LOGIN = { username: 'n8n', password: 'letmein' };
/** What closing promises, and the limit for a cancelled execution. */
const LIMIT_MS = 10_000;

let http: GitHttp;
let cache: string, temporary: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  const root = await make('repositories');
  const repository = GitRepository.create(join(root, 'engine.git'));
  const noise = Buffer.alloc(300_000);
  for (let index = 0; index < noise.length; index += 1) noise[index] = (index * index * 7919) >> 5;
  repository.commit({ ...ENGINE, 'src/noise.bin': noise });
  http = await startGitHttp({ root, auth: LOGIN, config: ['uploadpack.allowFilter=true'] });
});

beforeEach(async () => {
  cache = await make('cache');
  temporary = await make('temporary');
  process.env.TMPDIR = temporary;
  jest.spyOn(os, 'tmpdir').mockReturnValue(temporary);
});

afterEach(() => {
  jest.restoreAllMocks();
  process.env.TMPDIR = TMPDIR;
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  http.options.stall = undefined;
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
});

afterAll(() => http.close());

const options = (signal?: AbortSignal) =>
  gitOptions(`${http.url}engine.git`, cache, { credentials: gitCredentials({ ...LOGIN }), signal });

const open = (signal?: AbortSignal) =>
  withBundle(options(signal), async (bundle) => (await readAll(bundle)).length);

function startWorker(): ChildProcess {
  const argv = ['--import', 'tsx', WORKER, JSON.stringify(options())];
  const worker = spawn(process.execPath, argv, { env: process.env, stdio: 'ignore' });
  workers.push(worker);
  return worker;
}

/** Requests of an undisturbed fetch, those that are only answered with “log in” included, and the bytes of each answer. */
async function answers(): Promise<number[]> {
  http.forget();
  expect(await open()).toBe(5);
  const bytes = http.requests.map(({ bytesSent }) => bytesSent);
  cache = await make('cache');
  http.forget();
  return bytes;
}

/** The answers that hold something, with the numbers of their requests. */
function withContent(all: number[]): Array<[request: number, bytes: number]> {
  return [...all.entries()].filter(([, bytes]) => bytes > 0);
}

/** Has the server stand still in the middle of an answer; resolves when it does. */
function stallAt(request: number, bytes: number): Promise<void> {
  http.forget();
  return new Promise((reached) => (http.options.stall = { request, bytes, reached }));
}

/** What hinders others: locks of git, and what it was writing. */
function leftovers(): string[] {
  const all = readdirSync(cache, { recursive: true }) as string[];
  return all.filter((path) => /\.git\//.test(path) && /\.lock$|(^|\/)\.?tmp_|hot-deploy-damaged/.test(path));
}

/** Where logins are asked for. */
const helperDirectories = () => readdirSync(temporary).filter((name) => name.startsWith('hot-deploy-git-'));

async function expectStraightThrough(): Promise<void> {
  const began = performance.now();
  expect(await open()).toBe(5);
  expect(performance.now() - began).toBeLessThan(LIMIT_MS);
  expect(leftovers()).toEqual([]);
  expect(helperDirectories()).toEqual([]);
  expect(await remainingProcesses(temporary, LIMIT_MS)).toEqual([]);
}

/** Until somebody waits for a lock. */
async function waitingForTurn(): Promise<void> {
  while (!ownProcesses(temporary).some(({ command }) => command.startsWith('flock -x'))) await nextTurn();
}

const gits = () => ownProcesses(temporary).filter(({ command }) => /^(\S*\/)?git\b/.test(command));

function kill(processes: ReadonlyArray<{ pid: number }>): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in the same instant.
    }
  }
}

test.each<[string, (worker: ChildProcess) => void]>([
  ['n8n is', (worker) => worker.kill('SIGKILL')],
  ['git is', () => kill(gits())],
  ['all at once are', () => kill(ownProcesses(temporary))],
])(
  'P5: %s killed in the middle of any answer, and the next execution goes straight through',
  async (_, strike) => {
    const all = await answers();
    expect(all.filter((bytes) => bytes > 0).length).toBeGreaterThanOrEqual(5);
    for (const [request, bytes] of drawn(withContent(all), 2)) {
      const stalled = stallAt(request, Math.floor(bytes / 2));
      const worker = startWorker();
      const ended = once(worker, 'exit');
      await stalled;
      expect(gits().length).toBeGreaterThan(0);
      strike(worker);
      await ended;
      // The server goes on standing still: whoever waited for it would wait for ever.
      await expectStraightThrough();
      cache = await make('cache');
    }
  },
);

test('P8: cancelled in the middle of any answer, nothing of it is left within 10 s', async () => {
  for (const [request, bytes] of drawn(withContent(await answers()), 3)) {
    const stalled = stallAt(request, Math.floor(bytes / 2));
    const controller = new AbortController();
    const ended = thrownBy(open(controller.signal));
    await stalled;
    const began = performance.now();
    controller.abort();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - began).toBeLessThan(LIMIT_MS);
    expect(ownProcesses(temporary)).toEqual([]);
    expect(helperDirectories()).toEqual([]);
    await expectStraightThrough();
    cache = await make('cache');
  }
});

test('P8: cancelled while another execution has its turn, it does not wait for that', async () => {
  const all = await answers();
  const longest = all.indexOf(Math.max(...all));
  const stalled = stallAt(longest, Math.floor(all[longest] / 2));
  const worker = startWorker();
  await stalled;
  const controller = new AbortController();
  const ended = thrownBy(open(controller.signal));
  await waitingForTurn();
  controller.abort();
  expect(await ended).toMatchObject({ code: 'CANCELLED' });
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  await expectStraightThrough();
});

test('what others left in the place for temporary files is not touched', async () => {
  const source = await openGit(options());
  mkdirSync(join(temporary, 'hot-deploy-git-new'));
  mkdirSync(join(temporary, 'other'));
  await (await openGit(options())).close();
  expect(readdirSync(temporary).sort()).toEqual(expect.arrayContaining(['hot-deploy-git-new', 'other']));
  expect(helperDirectories()).toHaveLength(2);
  await source.close();
});
