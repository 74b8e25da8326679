/** Queue mode: a main process, workers, and one of them gone in the middle of its deployments. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { versionsIn } from '../support/engine';
import { describeQueueRuns } from './parts/queueRuns';
import type { Execution } from './support/execution';
import type { Server } from './support/process';
import { QueueMode } from './support/queue';
import { type CredentialReference, until } from './support/rest';
import { chain } from './support/workflows';

const ENGINES = ['east', 'west', 'north', 'south'];
const DEPLOYMENTS = 10;
/** Waits until somebody opens the gate, and tells that it does. */
const WAIT_AT_GATE = [
  'import os, time',
  "open(os.environ['MARK'], 'w').close()",
  "while not os.path.exists(os.environ['GATE']):",
  '    time.sleep(0.05)',
].join('\n');

let queue: QueueMode;
let marks: string;
let gate: string;
let workflow: string;
let hotDeploySshApi: CredentialReference;
const engines: Record<string, string> = {};

beforeAll(async () => {
  queue = await QueueMode.open(2);
  const { place } = queue;
  [marks, gate] = [join(place.directory, 'marks'), join(place.directory, 'gate')];
  await mkdir(marks);
  for (const name of ENGINES) engines[name] = await place.makeEngine(name, 'base');
  workflow = await publishDeployment();
}, 300_000);

afterAll(async () => {
  await queue?.close();
}, 120_000);

/** A webhook that runs a program of the engine once, by a key: it writes a line, takes its time, and prints JSON. */
async function publishRun(): Promise<string> {
  const { rest } = queue.n8n;
  const started = join(queue.place.directory, 'started');
  const script = `echo started >> ${started}; sleep 8; echo '{"done": true}'`;
  const { id } = await rest.createWorkflow({
    ...chain(
      {
        name: 'Webhook',
        type: 'n8n-nodes-base.webhook',
        typeVersion: 2,
        webhookId: 'run',
        parameters: { path: 'run', options: {} },
      },
      {
        name: 'Run',
        type: 'n8n-nodes-hot-deploy.runExtractionEngine',
        credentials: { hotDeploySshApi },
        parameters: {
          ...{ operation: 'run', connection: 'ssh', basePath: engines.east, output: 'json' },
          ...{ start: 'program', program: 'sh', arguments: ['-c', script] },
          options: { runKey: '={{ $json.query.key }}' },
        },
      },
    ),
    name: 'Run',
  });
  await rest.publish(id);
  return id;
}

/** A webhook that deploys the version it is told to the engine it is told. */
async function publishDeployment(): Promise<string> {
  const { rest } = queue.n8n;
  const { host, port, username, clientKeys, fingerprint } = queue.place.sshd;
  hotDeploySshApi = await rest.createCredential('Engine host', 'hotDeploySshApi', {
    ...{ host, port, username, authentication: 'privateKey' },
    ...{ privateKey: clientKeys.ed25519, hostKeyFingerprint: fingerprint },
  });
  const check = {
    ...{ type: 'python', name: 'Gate', code: WAIT_AT_GATE, when: 'before', timeoutSeconds: 120 },
    environment: `=GATE=${gate}\nMARK=${marks}/{{ $execution.id }}`,
  };
  const { id } = await rest.createWorkflow({
    ...chain(
      {
        name: 'Webhook',
        type: 'n8n-nodes-base.webhook',
        typeVersion: 2,
        webhookId: 'deploy',
        parameters: { path: 'deploy', options: {} },
      },
      {
        name: 'Hot Deploy',
        type: 'n8n-nodes-hot-deploy.hotDeploy',
        credentials: { hotDeploySshApi },
        parameters: {
          ...{ operation: 'deploy', connection: 'ssh', basePath: '={{ $json.query.engine }}' },
          ...{ source: 'directory', sourceDirectory: '={{ $json.query.version }}', dependencies: 'none' },
          ...{ checks: { check: [check] }, simplify: false },
          options: { lockWaitSeconds: '={{ $json.query.wait }}' },
        },
      },
    ),
    name: 'Deploy',
  });
  await rest.publish(id);
  return id;
}

async function ask(engine: string, version: string, waitSeconds: number): Promise<void> {
  const query = new URLSearchParams({
    engine: engines[engine],
    version: join(queue.place.directory, 'versions', version),
    wait: `${waitSeconds}`,
  });
  const response = await fetch(`${queue.n8n.url}/webhook/deploy?${query.toString()}`);
  expect(response.status).toBe(200);
}

const marked = (): string[] => readdirSync(marks);
/** None where a first deployment was taken back. */
const releasesOf = (engine: string): string[] => {
  const directory = join(engines[engine], 'releases');
  return existsSync(directory) ? readdirSync(directory) : [];
};

/** The one version that an extraction runs. */
function versionOf(engine: string): string[] {
  const args = ['run.py', 'extract', 'samples/contract.pdf', '--config', 'config/default_config.json'];
  const env = { ...process.env, ANTHROPIC_API_KEY: 'test-key' };
  return versionsIn(execFileSync('python3', args, { cwd: engines[engine], env, encoding: 'utf8' }));
}

/** Ten deployments wait for the gate or for each other; the worker that has most of those at the gate is ended. */
async function loseWorker(): Promise<{ lost: string[]; other: Server }> {
  await until('one deployment to each engine at the gate', async () =>
    marked().length === ENGINES.length ? true : undefined,
  );
  await until('all deployments to be taken', async () => {
    const taken = queue.workers.flatMap((worker) => queue.startedBy(worker));
    return taken.length === DEPLOYMENTS ? true : undefined;
  });
  const atGate = (worker: Server): number =>
    queue.startedBy(worker).filter((id) => marked().includes(id)).length;
  const [victim, other] = [...queue.workers].sort((a, b) => atGate(b) - atGate(a));
  expect(atGate(victim)).toBeGreaterThan(0);
  await victim.stop('SIGKILL');
  return { lost: queue.startedBy(victim), other };
}

let runs: Execution[] = [];
let lost: string[] = [];

test('ten deployments to four engines end as what they were, though a worker is killed', async () => {
  const versions = Array.from({ length: DEPLOYMENTS }, (_, index) => `release-${index}`);
  for (const version of versions) await queue.place.commitVersion(version);
  await Promise.all(versions.map(async (version, index) => ask(ENGINES[index % 4], version, 120)));
  const gone = await loseWorker();
  lost = gone.lost;
  writeFileSync(gate, '');

  const { rest } = queue.n8n;
  const ids = await rest.executions(workflow);
  expect(ids).toHaveLength(DEPLOYMENTS);
  runs = await Promise.all(ids.map(async (id) => rest.ended(id)));
  for (const run of runs) {
    if (lost.includes(run.id)) expect(['crashed', 'error']).toContain(run.status);
    else expect([run.id, run.status, run.only('Hot Deploy').status]).toEqual([run.id, 'success', 'deployed']);
  }
}, 240_000);

test('nothing is mixed, and nothing but what was lost is missing', () => {
  const live = runs.filter(({ id }) => !lost.includes(id)).map((run) => run.only('Hot Deploy'));
  for (const engine of ENGINES) {
    const own = live.filter(({ basePath }) => basePath === engines[engine]);
    // The first release is what was there before: the first deployment that stayed had adopted it.
    const kept = releasesOf(engine);
    expect(kept).toHaveLength(own.length === 0 ? 0 : own.length + 1);
    expect(kept).toEqual(expect.arrayContaining(own.map(({ release }) => release)));
    expect(versionOf(engine)).toHaveLength(1);
  }
});

test('the next deployment goes straight through', async () => {
  const known = await queue.n8n.rest.executions(workflow);
  await queue.place.commitVersion('after');
  await Promise.all(ENGINES.map(async (engine) => ask(engine, 'after', 0)));
  const ids = await until('the next executions', async () => {
    const fresh = (await queue.n8n.rest.executions(workflow)).filter((id) => !known.includes(id));
    return fresh.length === ENGINES.length ? fresh : undefined;
  });
  for (const run of await Promise.all(ids.map(async (id) => queue.n8n.rest.ended(id)))) {
    expect(run.failure?.message).toBeUndefined();
    expect(run.only('Hot Deploy').status).toBe('deployed');
  }
  for (const engine of ENGINES) expect(versionOf(engine)).toEqual(['after']);
});

describe('two workers, one of them new', () => {
  beforeAll(async () => {
    for (const gone of queue.workers.filter((worker) => !worker.isRunning))
      await queue.replace(gone, 'worker-3');
  });
  describeQueueRuns(
    () => queue,
    () => hotDeploySshApi,
  );
});

test('a worker is killed in the middle of a run with a key: the next one picks the result up, and starts nothing', async () => {
  const [first] = queue.workers.filter((worker) => worker.isRunning);
  const { rest } = queue.n8n;
  const id = await publishRun();
  const started = join(queue.place.directory, 'started');
  const askForRun = async () => {
    expect((await fetch(`${queue.n8n.url}/webhook/run?key=job-1`)).status).toBe(200);
  };
  await askForRun();
  await until('the run', async () => (existsSync(started) ? true : undefined));
  const [lostRun] = await rest.executions(id);
  const victim = queue.workers.find((worker) => queue.startedBy(worker).includes(lostRun));
  expect(victim ?? first).toBeDefined();
  await victim?.stop('SIGKILL');
  await askForRun();
  const next = await until('the next execution', async () =>
    (await rest.executions(id)).find((each) => each !== lostRun),
  );
  const run = await rest.ended(next);
  expect(run.failure?.message).toBeUndefined();
  expect(run.only('Run')).toMatchObject({ status: 'succeeded', repeated: true, output: { done: true } });
  expect(readFileSync(started, 'utf8')).toBe('started\n');
}, 120_000);
