import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import type { INodeParameters } from 'n8n-workflow';

import { size } from '../../support/size';
import { few, ItemTraffic } from '../support/itemTraffic';
import type { Live } from '../support/live';
import { ARTEFACTS, N8N } from '../support/paths';
import { freePorts } from '../support/ports';
import type { Server } from '../support/process';
import { until } from '../support/rest';
import {
  type Answer,
  answersAt,
  serviceDeployment,
  serviceRequests,
  startService,
  writeServiceVersion,
} from '../support/servedByN8n';

const HAND_OVERS = size(5, 50);
const PER_HAND_OVER = size(60, 100);
/** n8n's node as it is when nobody changes its options, and with them one request after the other. */
const WAYS: Record<string, { options: INodeParameters; batch: number; lanes: number }> = {
  'all-at-once': { options: {}, batch: 20, lanes: 2 },
  'one-by-one': {
    options: { batching: { batch: { batchSize: 1, batchInterval: 20 } } },
    batch: 10,
    lanes: 1,
  },
};

/** P13 with the client that workflows have: n8n's own HTTP Request node. */
export function describeService(live: () => Live): void {
  const published: string[] = [];
  let basePath: string;
  let port: number;
  let serve: Server | undefined;

  beforeAll(async () => {
    [port] = await freePorts(1);
    const { place, credentials, n8n } = live();
    basePath = join(place.directory, 'service');
    const account = credentials['n8n-nodes-hot-deploy.hotDeploy'];
    const workflows = [
      // Nobody answers before the first one.
      serviceDeployment('first-version', basePath, account, []),
      serviceDeployment('next-version', basePath, account, [answersAt(port)]),
      ...Object.entries(WAYS).map(([path, { options }]) => serviceRequests(path, port, options)),
    ];
    for (const workflow of workflows) published.push(await n8n.rest.publishNew(workflow));
    expect(await deploy(1)).toMatchObject({ status: 'deployed' });
    serve = await startService(basePath, port);
  });

  afterAll(async () => {
    for (const id of published) await live().n8n.rest.unpublish(id);
    await serve?.stop();
  });

  /** The item that comes back. */
  async function deploy(version: number): Promise<unknown> {
    const directory = join(live().place.directory, 'versions', `service-${version}`);
    await writeServiceVersion(directory, version);
    const query = new URLSearchParams({ version: directory });
    const path = version === 1 ? 'first-version' : 'next-version';
    return (await fetch(`${live().n8n.url}/webhook/${path}?${query.toString()}`)).json();
  }

  test('tells which requests share a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const told: unknown[] = [];
    for (let request = 0; request < 3; request++) {
      const asked = get({ host: '127.0.0.1', port, agent });
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      const { first, connection } = (await json(response)) as Answer;
      told.push([first, connection]);
    }
    agent.destroy();
    expect(told).toEqual([
      [true, 'keep-alive'],
      [false, 'keep-alive'],
      [false, 'keep-alive'],
    ]);
  });

  test('P13: n8n’s HTTP Request node loses none of its requests while versions are handed over, and meets no older one', async () => {
    const { url } = live().n8n;
    const ways = Object.entries(WAYS).map(
      ([path, { batch, lanes }]) => new ItemTraffic(`${url}/webhook/${path}`, batch, lanes, isAnswer),
    );
    const cameBack: number[] = [];
    try {
      for (let version = 2; version < HAND_OVERS + 2; version++) {
        expect(await deploy(version)).toMatchObject({ status: 'deployed', service: { method: 'handOver' } });
        cameBack[version] = Date.now();
        for (const way of ways) await way.sees(`version ${version}`, (all) => all.some(isOf(version)));
        await until('enough requests', async () =>
          sum(ways) >= (version - 1) * PER_HAND_OVER ? true : undefined,
        );
      }
    } finally {
      for (const way of ways) await way.stop();
    }
    tell(ways);
    const answers = ways.flatMap(({ good }) => good);
    expect(few(ways.flatMap(({ bad }) => bad))).toEqual([]);
    expect(few(answers.filter(({ versions }) => new Set(versions).size !== 1))).toEqual([]);
    expect(few(answers.filter((answer) => isOlder(answer, cameBack)))).toEqual([]);
    // What docs/reference/serve.md says of it.
    expect(answers.filter(({ first }) => !first)).toEqual([]);
    expect(new Set(answers.map(({ connection }) => connection))).toEqual(new Set(['close']));
  }, 900_000);
}

function isAnswer(item: unknown): item is Answer {
  return Array.isArray((item as Answer | null)?.versions);
}

const isOf = (version: number) => (answer: Answer) => answer.versions.includes(version);

const sum = (ways: ReadonlyArray<ItemTraffic<Answer>>): number =>
  ways.reduce((all, way) => all + way.size, 0);

/** Whether another version had gone live before it was asked for, whose item had come back. */
function isOlder({ versions: [version], sent }: Answer, cameBack: readonly number[]): boolean {
  return cameBack.some((at, newer) => newer > version && at < sent);
}

/** Prints how n8n's node used its connections, and keeps that with the artefacts. */
function tell(ways: ReadonlyArray<ItemTraffic<Answer>>): void {
  const { version } = JSON.parse(readFileSync(join(N8N, '../../package.json'), 'utf8')) as {
    version: string;
  };
  const each = ways.map(({ size: requests, good, bad }) => ({
    requests,
    lost: bad.length,
    connections: good.filter(({ first }) => first).length,
    connection: [...new Set(good.map(({ connection }) => connection))],
  }));
  const told = JSON.stringify({ n8n: version, handOvers: HAND_OVERS, ways: each });
  writeFileSync(join(ARTEFACTS, 'http-request.json'), told);
  process.stdout.write(`n8n's HTTP Request node: ${told}\n`);
}
