import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'ssh2';

import { Executors } from '../nodes/n8n/executors';
import { keptConnections } from '../nodes/n8n/keeping';
import { leaving } from '../nodes/n8n/leaving';
import type { ExecutorClient } from '../nodes/shared/executor/client';
import { getStatus } from '../nodes/shared/operations/status';
import { asBasePath, asEntrypoint } from '../test/support/named';
import { startRelay } from '../test/support/sshd';
import { AS_TEXT, furtherRuns, runIn } from '../test/support/runRequests';
import { Source } from './fixtures';
import { type Host, runHere } from './host';
import { Ours } from './ours';
import { type Spread, spread } from './statistics';
import { timed } from './way';

/** What is timed: the same question in each way, from nothing being there to its answer. */
export interface Subject {
  name: string;
  /** What `ssh` runs, as one command for the host's shell. */
  command: string;
  /** What a node of ours does with an executor. */
  ours: (client: ExecutorClient) => Promise<unknown>;
  /** The same without ssh, started here: what it takes by itself. */
  itself?: () => Promise<unknown>;
  /** Whether its answer waits for nothing else: neither for the greeting before it, nor for the executor's leaving. */
  isRun?: boolean;
  /** What each further item of an execution does in the conversation that the first has opened. */
  further?: (client: ExecutorClient) => () => Promise<unknown>;
}

/** Milliseconds by each way. */
export interface ConnectionTimes {
  subject: string;
  /** Added by a relay in each direction. */
  delayMs: number;
  ways: Array<{ name: string; times: Spread; toSsh: number }>;
}

const BASE = asBasePath('/tmp');
/** Without n8n-nodes-base in the package, n8n's own node is emulated; this says exactly how. */
const EMULATED =
  'emulated n8n SSH node (ssh2 as node-ssh uses it: connect, exec, dispose for each item; no host key check)';

/** Starting Python and nothing else, an operation of the nodes, and a run of an engine. */
const subjects = ({ python }: Host, base: string): Subject[] => [
  { name: 'executor open', command: `${python} -c ''`, ours: async () => undefined },
  {
    name: 'getStatus',
    command: `${python} -c ''`,
    ours: (client) => getStatus(client, { basePath: BASE, entrypoint: asEntrypoint('run.py') }),
  },
  {
    name: 'run',
    isRun: true,
    command: `cd ${base} && ${python} run.py`,
    itself: () => runHere(python, ['run.py'], join(base, 'current')),
    ours: (client) => runIn(client, base, [], AS_TEXT),
    further: (client) => furtherRuns(client, base),
  },
];

/** An engine of 20 files that is deployed. */
async function engine(host: Host, directory: string): Promise<string> {
  const root = await mkdtemp(join(directory, 'run-'));
  const source = await Source.create(join(root, 'source'), 20);
  const ours = new Ours('hot deploy', host, join(root, 'app'), source.directory, false);
  await ours.deploy();
  return ours.basePath;
}

/** Times subjects by every way side by side, round by round, through a relay: without delay, and with 40 ms for a round trip. */
export async function measureConnections(
  host: Host,
  directory: string,
  rounds: number,
): Promise<ConnectionTimes[]> {
  const results: ConnectionTimes[] = [];
  const measured = subjects(host, await engine(host, directory));
  for (const delayMs of [0, 20]) {
    const relay = await startRelay(host.options.port, { delayMs });
    try {
      for (const subject of measured) {
        const opened = new Opened(host, relay.port);
        const ways = [...waysOf(host, relay.port, directory, subject), ...within(opened, subject)];
        results.push({ subject: subject.name, delayMs, ways: await compare(ways, rounds) });
        await opened.close();
      }
    } finally {
      await keptConnections.closeAll();
      await relay.close();
    }
  }
  return results;
}

interface TimedWay {
  name: string;
  before?: () => Promise<unknown>;
  work: () => Promise<unknown>;
  after?: () => Promise<unknown>;
}

async function compare(ways: TimedWay[], rounds: number): Promise<ConnectionTimes['ways']> {
  const times = ways.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { before, work, after }] of ways.entries()) {
      await before?.();
      const taken = await timed(work);
      await after?.();
      if (round >= 0) times[index].push(taken);
    }
  }
  const spreads = times.map(spread);
  return ways.map(({ name }, index) => ({
    name,
    times: spreads[index],
    toSsh: spreads[index].median / spreads[0].median,
  }));
}

function waysOf(host: Host, port: number, directory: string, subject: Subject): TimedWay[] {
  const { command } = subject;
  const [program, ...own] = host.sshCommand;
  const options = [...own, '-p', String(port)];
  // The first value of an option counts for ssh, and the host's own port comes first.
  const args = options.filter((_, index) => !isPort(options[index]) && !isPort(options[index + 1]));
  args.push('-o', `HostKeyAlias=[127.0.0.1]:${host.options.port}`);
  const socket = ['-o', `ControlPath=${join(directory, `cm-${port}`)}`];
  const master = ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=no', '-N', '-f'];
  const ssh = (...more: string[]) => runs(program, [...args, ...more]);
  const node = () => askOurs(host, port, subject);
  const after = () => leaving.left();
  return [
    { name: 'ssh', work: () => ssh(host.address, command) },
    {
      name: 'ssh, ControlMaster, further',
      before: () => ssh(...socket, ...master, host.address),
      work: () => ssh(...socket, host.address, command),
      after: () => ssh(...socket, '-O', 'exit', host.address),
    },
    { name: EMULATED, work: () => asN8nDoes(host, port, command) },
    { name: 'Hot Deploy, first', before: () => keptConnections.closeAll(), work: node, after },
    { name: 'Hot Deploy, further', work: node, after },
  ];
}

const isPort = (option: string | undefined): boolean => option?.startsWith('Port=') ?? false;

/** What an execution of a node does, without n8n around it. */
async function askOurs(host: Host, port: number, { ours, isRun = false }: Subject): Promise<void> {
  const opened = new Opened(host, port, isRun);
  const client = await opened.client();
  await ours(client);
  const left = client.close().then(() => opened.close());
  if (!isRun) return left;
  leaving.add([client.connection.description], left, (reason) => console.error(reason));
}

/** What is compared where a subject is more than a question: by itself, and in a conversation that is there. */
function within(opened: Opened, { itself, further }: Subject): TimedWay[] {
  if (!itself || !further) return [];
  let run: (() => Promise<unknown>) | undefined;
  return [
    { name: 'by itself, here', work: itself },
    {
      name: 'Hot Deploy, further item',
      before: async () => (run ??= further(await opened.client())),
      work: async () => run?.(),
    },
  ];
}

/** A conversation of an execution of a node, once it is asked for. */
class Opened {
  private readonly executors = new Executors();
  private known?: Promise<ExecutorClient>;

  constructor(
    private readonly host: Host,
    private readonly port: number,
    private readonly isRun = false,
  ) {}

  client(): Promise<ExecutorClient> {
    this.known ??= this.open();
    return this.known;
  }

  private open(): Promise<ExecutorClient> {
    const { host, port } = this;
    const interpreter = { python: host.python, runtime: 'host' } as const;
    const place = { connection: 'ssh', hostOverride: '', basePath: BASE, interpreter } as const;
    const credential = async () => {
      const { host: name, username, authentication, privateKey = '', hostKeyFingerprint } = host.options;
      return { host: name, port, username, authentication, privateKey, hostKeyFingerprint };
    };
    const location = { ...place, startTimeoutMs: 20_000 };
    if (this.isRun) return this.executors.begin(location, credential, 'bench');
    return this.executors.open(location, credential, 'bench');
  }

  async close(): Promise<void> {
    await (await this.known)?.close();
    await this.executors.close();
  }
}

async function asN8nDoes(host: Host, port: number, command: string): Promise<void> {
  const client = new Client();
  const { username, privateKey } = host.options;
  client.connect({ host: '127.0.0.1', port, username, privateKey });
  await once(client, 'ready');
  await new Promise<void>((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      channel.resume().stderr.resume();
      channel.on('close', () => resolve());
    });
  });
  client.end();
  await once(client, 'close');
}

/** Runs a program with no output of its own, which a master in the background would hold open. */
async function runs(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}
