import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rename, symlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import { Source } from './fixtures';
import type { Host } from './host';
import { Ours } from './ours';
import { type Server, writeService } from './serviceServers';
import { end, launch, type ServiceWay, untilAnswered, type Version } from './serviceWays';

const FILES = 20;
const DRAIN_SECONDS = 20;
const LOOK_MS = 250;
/** What `serve.py` says in place of an answer. */
const REFUSALS = ['failed', 'refused'];

/** Ours: `serve.py` is asked for what a deployment asks it for. */
export class HandOver implements ServiceWay {
  readonly name = 'hot deploy';
  /** Of the last one: for how long the old version was there when nothing led to it any more. */
  drainedMs = 0;
  private readonly releases = new Map<Version, string>();
  private serve?: ChildProcess;

  constructor(
    private readonly host: Host,
    private readonly directory: string,
    private readonly server: Server,
    readonly port: number,
  ) {}

  async start(): Promise<void> {
    const source = await Source.create(join(this.directory, 'source'), FILES);
    const ours = new Ours(this.name, this.host, this.basePath, source.directory, false);
    for (const version of ['2', '1'] as const) {
      await writeService(source.directory, version);
      await ours.deploy();
      this.releases.set(version, ours.result?.release ?? '');
    }
    const command = this.server.command('src', { fd: '{fd}' });
    const words = ['.hot-deploy/serve.py', '--listen', `127.0.0.1:${this.port}`, '--', ...command];
    this.serve = launch(this.basePath, ['python3', ...words]);
    await untilAnswered(this.port, '1');
  }

  async switchTo(version: Version): Promise<void> {
    const release = this.releases.get(version);
    const serve = await Serve.reached(join(this.basePath, '.hot-deploy/serve.sock'));
    try {
      await serve.ask('prepare', 'ready', { release });
      await symlink(`releases/${release}`, join(this.basePath, 'next'));
      await rename(join(this.basePath, 'next'), join(this.basePath, 'current'));
      await serve.ask('steer', 'steered');
      await serve.ask('keep', 'kept', { drainSeconds: DRAIN_SECONDS });
      const kept = performance.now();
      while ((await serve.ask('status', 'status')).generations?.length !== 1) await pause(LOOK_MS);
      this.drainedMs = performance.now() - kept;
    } finally {
      serve.close();
    }
  }

  async stop(): Promise<void> {
    await end(this.serve);
  }

  private get basePath(): string {
    return join(this.directory, 'app');
  }
}

interface Answer {
  event: string;
  generations?: unknown[];
}

/** A conversation with a `serve.py`: lines of JSON. */
class Serve {
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly socket: Socket) {
    this.lines = createInterface(socket)[Symbol.asyncIterator]();
  }

  static async reached(path: string): Promise<Serve> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new Serve(socket);
  }

  /** Resolves with the answer, passing over what is said on the way to it; throws where it is a refusal. */
  async ask(request: string, expected: string, more: Record<string, unknown> = {}): Promise<Answer> {
    this.socket.write(`${JSON.stringify({ do: request, ...more })}\n`);
    let answer = await this.next();
    while (answer.event !== expected) {
      if (REFUSALS.includes(answer.event)) throw new Error(`serve.py answered ${JSON.stringify(answer)}.`);
      answer = await this.next();
    }
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }

  private async next(): Promise<Answer> {
    const { value } = await this.lines.next();
    return JSON.parse(value as string) as Answer;
  }
}
