import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { freePort } from '../test/support/servedEngine';
import { HandOver } from './handOver';
import type { Host } from './host';
import { type Asked, ServiceClients } from './serviceClients';
import { GUNICORN, type Server, UVICORN } from './serviceServers';
import { Aside, BinaryUpgrade, HeldSocket, Restart, type ServiceWay, type Version } from './serviceWays';
import { type Spread, spread } from './statistics';

const CLIENTS = 8;
/** Requests that are waited for before each switch, and when nothing of the old version is left. */
const AROUND = 200;
const LONGEST_MS = 120_000;

/** What clients of a service met with while its versions were switched in one way. */
export interface ServiceSaw {
  name: string;
  requests: number;
  /** Refused, cut, or without a usable answer. */
  lost: number;
  /** Of those that were answered, in milliseconds. */
  slowestMs: number;
  percentileMs: number;
  /** From the beginning of a switch until the new version's first answer. */
  firstAnswerMs?: Spread;
  /** This way's 99.9th percentile by the control's, the median of all rounds. */
  toControl?: number;
}

export interface ServiceTimes {
  server: string;
  clients: number;
  switches: number;
  ways: ServiceSaw[];
}

/** Switches services of two servers in every way that they know, round by round one way behind the other. */
export async function measureServices(
  host: Host,
  directory: string,
  switches: number,
): Promise<ServiceTimes[]> {
  const measured = [];
  for (const server of [GUNICORN, UVICORN]) {
    const ways = await waysOf(host, join(directory, `services-${server.name}`), server);
    measured.push({ server: server.name, clients: CLIENTS, switches, ways: await measure(ways, switches) });
  }
  return measured;
}

async function waysOf(host: Host, root: string, server: Server): Promise<ServiceWay[]> {
  const place = async (name: string) => {
    const directory = join(root, name);
    await mkdir(directory, { recursive: true });
    return [directory, server, await freePort()] as const;
  };
  const ours = new HandOver(host, ...(await place('ours')));
  return [
    ours,
    new Aside(...(await place('aside')), await freePort(), () => ours.drainedMs),
    new Restart(...(await place('restart'))),
    new HeldSocket(...(await place('held'))),
    ...(server === GUNICORN ? [new BinaryUpgrade(...(await place('upgrade')))] : []),
  ];
}

interface Round {
  asked: Asked[];
  firstAnswerMs?: number;
}

async function measure(ways: readonly ServiceWay[], switches: number): Promise<ServiceSaw[]> {
  const rounds = new Map(ways.map((way) => [way, [] as Round[]]));
  try {
    for (const way of ways) await way.start();
    for (let count = 0; count < switches; count++) {
      for (const way of ways) rounds.get(way)?.push(await oneSwitch(way, count % 2 === 0 ? '2' : '1'));
    }
  } finally {
    for (const way of ways) await way.stop();
  }
  const control = ways.find((way) => way instanceof Aside) as ServiceWay;
  return ways.map((way) => {
    const own = rounds.get(way) ?? [];
    if (way === control) return saw(way, own);
    return { ...saw(way, own), ...beside(own, rounds.get(control) ?? []) };
  });
}

async function oneSwitch(way: ServiceWay, version: Version): Promise<Round> {
  const clients = new ServiceClients(way.port, CLIENTS);
  try {
    await clients.more(AROUND);
    const began = performance.now();
    let first: number | undefined;
    const answered = clients
      .first((last) => last.version === version)
      .then(({ endedAt }) => (first = endedAt - began));
    const late = pause(LONGEST_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${way.name}: version ${version} is not there after ${LONGEST_MS} ms.`);
    });
    await Promise.race([way.switchTo(version, answered), late]);
    await clients.more(AROUND);
    return { asked: clients.done, firstAnswerMs: first };
  } finally {
    await clients.stop();
  }
}

function saw(way: ServiceWay, rounds: readonly Round[]): ServiceSaw {
  const asked = rounds.flatMap((round) => round.asked);
  const took = answeredMs(asked);
  return {
    name: way.name,
    requests: asked.length,
    lost: asked.length - took.length,
    slowestMs: spread(took).max,
    percentileMs: percentile(asked),
  };
}

/** What only a way has that switches. */
function beside(rounds: readonly Round[], control: readonly Round[]): Partial<ServiceSaw> {
  const ratios = rounds.map(({ asked }, index) => percentile(asked) / percentile(control[index].asked));
  const first = rounds.flatMap(({ firstAnswerMs }) => firstAnswerMs ?? []);
  return { firstAnswerMs: spread(first), toControl: spread(ratios).median };
}

function answeredMs(asked: readonly Asked[]): number[] {
  return asked
    .filter(({ version }) => version !== undefined)
    .map(({ startedAt, endedAt }) => endedAt - startedAt);
}

/** The 99.9th, of what was answered. */
function percentile(asked: readonly Asked[]): number {
  const sorted = answeredMs(asked).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length * 0.999)];
}
