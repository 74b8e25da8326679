/** P13: a service that is set up in Docker as the documentation shows, with Docker's own daemon and its default profile. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AskingInside } from '../../support/askingInside';
import { answers } from '../../support/servedEngine';
import { type ConversationOptions, deployTo, temporaryDirectories } from '../../support/deployment';
import { statusOf } from '../../support/engineStatus';
import { type DockerDaemon, startDockerDaemon } from '../../support/dockerDaemon';
import { compose, SELECTION, serverModules, serviceFiles } from '../../support/documentedSetups';
import { asEntrypoint } from '../../support/named';
import { SYSTEM_PYTHON } from '../../support/placeRuns';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';
import { until } from '../../support/until';

jest.setTimeout(size(240_000, 900_000));
const make = temporaryDirectories();
const { command, directory, inside, restart } = compose();
const HAND_OVERS = size(5, 50);
/** Whom an image's USER names. */
const USER = 1000;
const AS_USER = `${USER}:${USER}`;
/** As it was started before. */
const BEFORE = ['uvicorn', 'main:app', '--host', '0.0.0.0', '--port', '8000'];
let daemon: DockerDaemon;
let server: string;
let base: string;
let container: string;

beforeAll(async () => {
  daemon = await startDockerDaemon();
  // As where the image has it.
  server = await make('server');
  await mkdir(join(server, 'bin'));
  await writeFile(
    join(server, 'bin/uvicorn'),
    `#!${SYSTEM_PYTHON}\nfrom uvicorn.main import main\nmain()\n`,
    { mode: 0o755 },
  );
  await chmod(server, 0o755);
}, 120_000);
afterAll(() => daemon.stop());

beforeEach(async () => {
  base = await make('app');
  await chmod(base, 0o755);
});
afterEach(() => void daemon.docker('rm', '-f', container));

/** Starts a container as the compose file does. */
function up(options: readonly string[] = [], words: readonly string[] = command): void {
  const mounts = [
    '-v',
    `${base}:${inside}`,
    '-v',
    `${server}:/server:ro`,
    '-v',
    `${serverModules()}:/modules:ro`,
  ];
  const environment = ['-e', 'PATH=/server/bin:/usr/bin:/bin', '-e', 'PYTHONPATH=/modules'];
  container = daemon.run(['-w', directory, ...mounts, ...environment, ...options], words);
}

/** The service as it was before anything was deployed. */
async function plain(owner = 0): Promise<void> {
  await writeTree(base, serviceFiles('plain'));
  execFileSync('chown', ['-R', `${owner}:${owner}`, base]);
}

const asking = () => new AskingInside([daemon.command, 'exec', '-i', container]);

async function firstAnswer(): Promise<string> {
  const one = asking();
  const said = await one.first();
  await one.stop();
  return said;
}

const OUTSIDE: ConversationOptions = { python: SYSTEM_PYTHON };
const within = (): ConversationOptions => ({
  interpreter: {
    python: SYSTEM_PYTHON,
    become: 'none',
    runtime: 'container',
    container,
    containerCommand: daemon.command,
  },
});

async function deployVersion(version: string, where = within(), handsOver = true) {
  const source = await make(`version-${version}`);
  await writeTree(source, serviceFiles(version));
  const isInside = where !== OUTSIDE;
  return deployTo(
    isInside ? inside : base,
    source,
    {
      entrypoint: asEntrypoint(''),
      selection: SELECTION,
      keepReleases: 5,
      createBackup: false,
      checks: isInside && handsOver ? [answers8000()] : [],
      ...(handsOver && {
        service: { method: 'handOver', readySeconds: 30, drainSeconds: 10, keepOldSeconds: 0 },
      }),
    },
    where,
  );
}

const answers8000 = () => ({ ...answers(8000), http: { ...answers(8000).http!, text: '' } });

function logs(): string {
  const { stdout, stderr } = spawnSync(daemon.command, ['logs', container], { encoding: 'utf8' });
  return stdout + stderr;
}

/** Hands over so often, from inside and from outside in turn; what had been asked for before, and ended after each. */
async function handOver(
  count: number,
  first = 1,
): Promise<{ counts: Record<string, number>; held: string[] }> {
  const clients = asking();
  await clients.first();
  await clients.start();
  const held: string[] = [];
  for (let number = first; number < first + count; number++) {
    await clients.hold();
    await deployVersion(String(number), number % 2 ? within() : OUTSIDE);
    expect(await clients.first()).toBe(String(number));
    held.push(await clients.goOn());
  }
  return { counts: await clients.stop(), held };
}

/** Each request is answered by one release, and one that imports late got its own release's module. */
function expectWhole({ counts, held }: Awaited<ReturnType<typeof handOver>>, count: number, first = 1): void {
  const numbers = Array.from({ length: count + 1 }, (_, index) => String(first - 1 + index));
  expect(Object.keys(counts).sort()).toEqual([...numbers].sort());
  expect(held).toEqual(numbers.slice(0, -1).map((number) => `${number} ${number}`));
}

test(`the documented way there, and ${HAND_OVERS} hand-overs: none refused or cut, none mixed`, async () => {
  await plain();
  up([], BEFORE);
  expect(await firstAnswer()).toBe('plain');
  await deployVersion('0', within(), false);
  daemon.docker('rm', '-f', container);
  up();
  expect(await firstAnswer()).toBe('0');
  const tells = ['python3', '.hot-deploy/launch.py', '--hot-deploy-pinning'];
  expect(daemon.docker('exec', container, ...tells)).toBe('code forbidden');
  const all = await handOver(HAND_OVERS);
  expectWhole(all, HAND_OVERS);
  const asked = Object.values(all.counts).reduce((sum, count) => sum + count, 0);
  expect(asked).toBeGreaterThan(HAND_OVERS * 20);
  // Nothing else listens in the container: what came is counted, for each version.
  const [service] = (await statusOf(inside, within())).services;
  const live = service?.generations.find(({ state }) => state === 'live');
  expect(live?.accepted).toBeGreaterThan(0);
  expect(live?.accepted).toBeLessThan(asked);
});

test('nothing deployed yet: Python says what is missing, and Docker starts the service once it is deployed', async () => {
  up(['--restart', restart]);
  const missing = `can't open file '${command[1]}': [Errno 2] No such file or directory`;
  await until(() => logs().includes(missing));
  await deployVersion('0', OUTSIDE, false);
  await until(() => logs().includes('this is version 0'), 60_000);
  expect(await firstAnswer()).toBe('0');
});

test('it is stopped within the grace, by its own; started again, it runs what has become current; logs go through', async () => {
  await deployVersion('0', OUTSIDE, false);
  up();
  expect(await firstAnswer()).toBe('0');
  expect(logs()).toContain('this is version 0');
  const started = performance.now();
  daemon.docker('stop', container);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(daemon.docker('inspect', '-f', '{{.State.ExitCode}}', container).trim()).toBe('0');
  await deployVersion('1', OUTSIDE, false);
  daemon.docker('start', container);
  expect(await firstAnswer()).toBe('1');
  daemon.docker('restart', container);
  expect(await firstAnswer()).toBe('1');
  expectWhole(await handOver(1, 2), 1, 2);
  expect(logs()).toContain('this is version 2');
});

test('recreated by force, with the socket that the killed one has left', async () => {
  await deployVersion('0', OUTSIDE, false);
  up();
  expect(await firstAnswer()).toBe('0');
  expectWhole(await handOver(1), 1);
  daemon.docker('rm', '-f', container);
  expect(existsSync(join(base, '.hot-deploy/serve.sock'))).toBe(true);
  up();
  expect(await firstAnswer()).toBe('1');
  expectWhole(await handOver(2, 2), 2, 2);
});

const LIMITS: [string, string[]][] = [
  ['a USER other than root', ['--user', AS_USER]],
  ['a read-only root', ['--read-only']],
  ['both', ['--read-only', '--user', AS_USER]],
];

// Small, the last of them has to do for all.
test.each(LIMITS.slice(size(2, 0)))('the documented way there with %s', async (_what, options) => {
  await plain(options.includes(AS_USER) ? USER : 0);
  up(options, BEFORE);
  expect(await firstAnswer()).toBe('plain');
  await deployVersion('0', within(), false);
  daemon.docker('rm', '-f', container);
  up(options);
  expect(await firstAnswer()).toBe('0');
  expectWhole(await handOver(2), 2);
});

test('deployed by root for a USER: serve.py says what is missing, and with it, it starts', async () => {
  await plain(USER);
  await deployVersion('0', OUTSIDE, false);
  up(['--restart', restart, '--user', AS_USER]);
  const missing = `or let user ${USER}: chown ${USER} ${inside}/.hot-deploy\n`;
  await until(() => logs().includes(missing), 30_000);
  chownSync(join(base, '.hot-deploy'), USER, USER);
  await until(() => logs().includes('this is version 0'), 60_000);
  expect(await firstAnswer()).toBe('0');
  await deployVersion('1', OUTSIDE);
  expect(await firstAnswer()).toBe('1');
});
