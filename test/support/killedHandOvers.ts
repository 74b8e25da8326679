/** A service under clients, whose hand-overs are killed one after the other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { DeployOptions } from '../../nodes/shared/release/options';
import { AskingClients } from './askingClients';
import { processEnd } from './conversation';
import type { Order } from './deployingProcess';
import { deployTo } from './deployment';
import { serverModules } from './documentedSetups';
import { type PointName, StoppingExecutor } from './handOverPoints';
import { answerOf, answers, freePort, serveStatus, writeServed } from './servedEngine';
import { size } from './size';
import { SupervisedServe } from './supervisedServe';
import { writeTree } from './tree';
import { until } from './until';

export const VICTIMS = ['n8n', 'the executor', 'serve.py'] as const;
export type Victim = (typeof VICTIMS)[number];

/** What a service is served by. */
export type Server = 'http.server' | 'uvicorn';

const CLIENTS = size(4, 8);
const PAUSE_MS = size(20, 5);
const SETTLED_MS = 60_000;
const WORKER = join(__dirname, 'deployingProcess.ts');
const SERVICE = { method: 'auto', readySeconds: 20, drainSeconds: 10, keepOldSeconds: 0 } as const;

/** When, seen from the step at which the executor stands still. */
export interface Blow {
  point: PointName;
  /** Milliseconds after it goes on; without, while it stands. */
  afterMs?: number;
  /** Of `serve.py` only: the executor goes on once the service has been started again. */
  isPatient?: boolean;
}

/** `the old one`, `the new one` that was struck or `the next one`; any other version as it is. */
type Which = string;

/** What became of a kill. */
export interface Aftermath {
  /** What clients got that was no answer, and how often; of a killed `serve.py`, once it had answered again. */
  failed: Record<string, number>;
  /** Who answered once all had settled; and whether it was what `current` names. */
  answering: Which[];
  isCurrent: boolean;
  /** How often `serve.py` was started meanwhile. */
  restarts: number;
  /** Of the next deployment. */
  next: { status: string; method: string | undefined; answering: Which[] };
}

/** One service, with its clients; each deployment takes the next version. */
export class KilledHandOvers {
  private version = 0;
  private worker: ChildProcess | undefined;
  private stopping: StoppingExecutor | undefined;
  /** Of the answers, the first since the deployment was started that is to be killed. */
  private first = 0;

  private constructor(
    private readonly make: (purpose: string) => Promise<string>,
    private readonly server: Server,
    private readonly base: string,
    private readonly port: number,
    private readonly serve: SupervisedServe,
    private readonly clients: AskingClients,
  ) {}

  static async start(make: (purpose: string) => Promise<string>, server: Server): Promise<KilledHandOvers> {
    const [base, port] = [await make('app'), await freePort()];
    await deployTo(base, await writeVersion(make, server, 0));
    const serve = new SupervisedServe(base, port);
    await answerOf(port, 'version 0');
    const clients = new AskingClients(port, CLIENTS, PAUSE_MS);
    return new KilledHandOvers(make, server, base, port, serve, clients);
  }

  async stop(): Promise<void> {
    await this.clients.stop();
    await this.serve.stop();
    this.worker?.kill('SIGKILL');
    const standing = this.stopping?.standing();
    if (standing !== undefined) kill(standing);
  }

  /** Has a deployment killed, and another one follow. */
  async strike(victim: Victim, blow: Blow): Promise<Aftermath> {
    const { starts } = this.serve;
    this.first = this.clients.answers.length;
    const stopping = (this.stopping = await StoppingExecutor.at(blow.point, await this.make('stopping')));
    const deployment = await this.begin(victim, stopping);
    const tooSoon = deployment.end.then((how) => {
      throw new Error(`The deployment ended before ${blow.point}: ${String(how)}`);
    });
    const executor = await Promise.race([stopping.reached(), tooSoon]);
    await this.hit(victim, executor, blow);
    await deployment.end;
    await processEnd(executor, SETTLED_MS);
    const back = victim === 'serve.py' ? await this.answersAgain() : 0;
    await this.handingOverIsOver();
    const [answering, current] = [await this.answering(), this.current()];
    const next = await this.deployNext();
    return {
      failed: this.failures(back),
      answering: answering.map((each) => this.which(each)),
      isCurrent: answering[0] === current,
      restarts: this.serve.starts - starts,
      next: { ...next, answering: (await this.answering()).map((each) => this.which(each)) },
    };
  }

  private async hit(victim: Victim, executor: number, { afterMs, isPatient }: Blow): Promise<void> {
    const goOn = () => process.kill(executor, 'SIGCONT');
    if (afterMs !== undefined) {
      goOn();
      await pause(afterMs);
    }
    if (victim === 'n8n') await killed(this.worker!);
    else if (victim === 'the executor') kill(executor);
    else await this.serve.kill();
    if (afterMs !== undefined || victim === 'the executor') return;
    if (isPatient && victim === 'serve.py') await this.answersAgain();
    goOn();
  }

  private options(): Partial<DeployOptions> {
    return { service: SERVICE, createBackup: false, keepReleases: 2 };
  }

  /** Begins the deployment that is to be killed; resolves with its end. */
  private async begin(
    victim: Victim,
    { check, python }: StoppingExecutor,
  ): Promise<{ end: Promise<unknown> }> {
    const source = await writeVersion(this.make, this.server, ++this.version);
    const changes = { ...this.options(), checks: [answers(this.port), check] };
    if (victim !== 'n8n') {
      return { end: deployTo(this.base, source, changes, { python }).catch((error: unknown) => error) };
    }
    this.worker = spawn(process.execPath, ['--import', 'tsx', WORKER], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const order: Order = [this.base, source, changes, { python }];
    this.worker.stdin!.write(`${JSON.stringify(order)}\n`);
    return { end: once(this.worker, 'exit') };
  }

  private async deployNext(): Promise<{ status: string; method: string | undefined }> {
    const source = await writeVersion(this.make, this.server, ++this.version);
    const changes = { ...this.options(), checks: [answers(this.port)] };
    const { status, service } = await deployTo(this.base, source, changes);
    return { status, method: service?.method };
  }

  /** As seen from the last deployment that was struck; the one before went through. */
  private which(answer: string): Which {
    const behind = this.version - Number(answer.replace('version ', ''));
    return ['the next one', 'the new one', 'the old one'][behind] ?? answer;
  }

  /** The version that `current` names. */
  private current(): string {
    const text = readFileSync(join(this.base, 'current/src/service.py'), 'utf8');
    return /version \d+/.exec(text)?.[0] ?? '';
  }

  /** What clients get that ask from now on. */
  private async answering(): Promise<string[]> {
    const { answers: got, asked } = this.clients;
    const [from, count] = [performance.now(), got.length];
    await until(() => got.length > count + 10 * CLIENTS, SETTLED_MS);
    return [...new Set(got.slice(count).filter((_, index) => (asked[count + index] ?? 0) >= from))];
  }

  /** When a `serve.py` that was started again had answered first. */
  private async answersAgain(): Promise<number> {
    const { answers: got, asked, came } = this.clients;
    let index = this.first;
    const isFirst = () => isAnswer(got[index]) && (asked[index] ?? 0) >= this.serve.startedAt;
    await until(() => {
      while (index < got.length && !isFirst()) index += 1;
      return index < got.length;
    }, SETTLED_MS);
    // Not when that one was asked: its first packet may have been dropped by a listener that was just going.
    return came[index] ?? Infinity;
  }

  /** Whoever was killed, `serve.py` has taken notice. */
  private async handingOverIsOver(): Promise<void> {
    const end = performance.now() + SETTLED_MS;
    while ((await serveStatus(this.base))?.handingOver !== false) {
      if (performance.now() > end) throw new Error('serve.py still waits for somebody who was killed');
      await pause(10);
    }
  }

  private failures(since: number): Record<string, number> {
    const { answers: got, asked } = this.clients;
    const counts: Record<string, number> = {};
    for (let { first: index } = this; index < got.length; index += 1) {
      const answer = got[index] ?? '';
      if (!isAnswer(answer) && (asked[index] ?? 0) >= since) counts[answer] = (counts[answer] ?? 0) + 1;
    }
    return counts;
  }
}

const isAnswer = (text = ''): boolean => /^version \d+$/.test(text);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}

async function killed(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGKILL');
  await ended;
}

async function writeVersion(
  make: (purpose: string) => Promise<string>,
  server: Server,
  version: number,
): Promise<string> {
  const directory = await make('version');
  await writeServed(directory, String(version));
  if (server === 'uvicorn') await writeTree(directory, { 'src/service.py': uvicorn(version) });
  return directory;
}

const uvicorn = (version: number): string => `import sys
sys.path.insert(0, ${JSON.stringify(serverModules())})
import uvicorn
async def app(scope, receive, send):
    if scope['type'] != 'http':
        return
    said = b'version ${version}'
    headers = [(b'content-length', str(len(said)).encode())]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': said})
uvicorn.run(app, fd=int(sys.argv[2]), log_level='warning')
`;
