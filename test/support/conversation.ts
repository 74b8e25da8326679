import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import type { EntryRow } from '../../nodes/shared/contract/facts';
import type { Verb, ArgumentsOf, ResultOf } from '../../nodes/shared/contract/verbs';
import { connectLocal } from '../../nodes/shared/connection/local';
import type { Channel } from '../../nodes/shared/connection/connection';
import type { Access } from '../../nodes/shared/executor/access';
import { encodeFrame, encodeMessage, FRAME_DATA, FrameReader } from '../../nodes/shared/executor/frames';
import { interpreterArguments, type InterpreterOptions } from '../../nodes/shared/executor/interpreter';
import { programFor } from '../../nodes/shared/executor/program';
import { contentDigest } from '../../nodes/shared/source/digest';
import { PYTHON } from './deployment';
import type { ReleaseId } from '../../nodes/shared/contract/names';
import { framesOf } from './frames';
import { asBasePath } from './named';

/** An interpreter on the host, as whoever is connected. */
export function onHost(python = PYTHON): InterpreterOptions {
  return { python, become: 'none', runtime: 'host' };
}

/** What can carry out steps: a client, or a {@link RawConversation}. */
export interface Steps {
  call<V extends Verb>(verb: V, args: ArgumentsOf<V>): Promise<ResultOf<V>>;
  sendContent(chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** The entries of some files (path: content), as they cross the wire. */
export function fileRows(files: Record<string, string>): EntryRow[] {
  return Object.entries(files).map(([path, content]) => [
    path,
    'file',
    0o444,
    Buffer.byteLength(content),
    createHash('sha256').update(content).digest('hex'),
    null,
  ]);
}

/** Takes the lock and makes the base path, when it isn't there. */
export function lock(steps: Steps, basePath: string): Promise<ResultOf<'lock'>> {
  return steps.call('lock', { basePath: asBasePath(basePath), create: true, holder: {}, waitSeconds: 0 });
}

/** What a release of some files is announced with: first what is compared, then what is received. */
export async function announce(
  steps: Steps,
  basePath: string,
  files: Record<string, string>,
): Promise<{ release: ReleaseId; needed: readonly number[] }> {
  const entries = fileRows(files);
  const digested = entries.map(([path, type, mode, , digest]) => ({ path, type, mode, digest }));
  const compared = { basePath: asBasePath(basePath), release: null, entries, sameDirectories: [] };
  const { needed } = await steps.call('compare', compared);
  const received = { time: '20261123-171501', digest: contentDigest(digested), live: null, needed, keep: [] };
  return { ...(await steps.call('receive', received)), needed };
}

/** Brings a new release of some files, whose contents all differ, and calls it ready. Returns its id. */
export async function bring(
  steps: Steps,
  basePath: string,
  files: Record<string, string>,
): Promise<ReleaseId> {
  const { release, needed } = await announce(steps, basePath, files);
  const contents = Object.values(files);
  const record = { sequence: 1, source: { type: 'directory' } };
  const assembled = steps.call('assemble', { encoding: 'identity', record });
  assembled.catch(() => undefined);
  await steps.sendContent(pieces(needed.map((index) => contents[index])));
  await assembled;
  await steps.call('describe', { release, fields: { state: 'ready' } });
  return release;
}

async function* pieces(contents: string[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(contents.join(''));
}

type Fields = Record<string, unknown>;

const open = new Set<Channel>();

// A test that fails in the middle of a conversation must not keep the run from ending.
afterAll(() => {
  for (const channel of open) channel.destroy();
});

/** A conversation by hand: it sends nothing that it isn't told to. */
export class RawConversation implements Steps {
  private readonly reader = new FrameReader();
  private readonly heard: Fields[] = [];
  private wake: () => void = () => undefined;
  private lastId = 0;
  private over = false;

  private constructor(readonly channel: Channel) {
    channel.stderr.resume();
    channel.stdout.on('data', (chunk: Buffer) => {
      for (const { payload } of framesOf(this.reader, chunk)) this.heard.push(JSON.parse(payload.toString()));
      this.wake();
    });
    open.add(channel);
    void channel.exit.then(() => {
      open.delete(channel);
      this.over = true;
      this.wake();
    });
  }

  static async open(silenceSeconds = 60, python = PYTHON, access: Access = 'full'): Promise<RawConversation> {
    const channel = await connectLocal().start(interpreterArguments(onHost(python)));
    const raw = new RawConversation(channel);
    channel.stdin.write(programFor(silenceSeconds, access));
    await raw.message((message) => message.event === 'hello');
    return raw;
  }

  send(message: unknown): void {
    this.channel.stdin.write(encodeMessage(message));
  }

  async sendContent(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) this.channel.stdin.write(encodeFrame(FRAME_DATA, chunk));
  }

  /** Sends heartbeats from now on; returns what ends them. */
  beat(): () => void {
    const timer = setInterval(() => this.send({}), 100);
    void this.channel.exit.then(() => clearInterval(timer));
    return () => clearInterval(timer);
  }

  /** The next message that matches; rejects when the executor leaves before. */
  async message(matches: (message: Fields) => boolean): Promise<Fields> {
    for (;;) {
      const at = this.heard.findIndex(matches);
      if (at >= 0) return this.heard.splice(at, 1)[0];
      if (this.over) throw new Error(`the executor left; it had said ${JSON.stringify(this.heard)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async call<V extends Verb>(verb: V, args: ArgumentsOf<V>): Promise<ResultOf<V>> {
    const answer = await this.ask({ verb, args });
    if (!answer.ok) throw new Error(`${verb}: ${JSON.stringify(answer.failure)}`);
    return answer.result as ResultOf<V>;
  }

  /** Sends a request, well-formed or not, and returns the answer to it. */
  ask(request: Fields): Promise<Fields> {
    const id = ++this.lastId;
    this.send({ id, ...request });
    return this.message((message) => message.id === id && message.event === undefined);
  }

  ended(): Promise<Fields> {
    return this.message((message) => message.event === 'ended');
  }
}

/** Whether a process still runs; one that has ended and waits for its parent doesn't. */
export function isRunning(processId: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Resolves when a process that isn't our child has ended; rejects when it hasn't within `ms`. */
export async function processEnd(processId: number, ms = 5_000): Promise<void> {
  for (const end = Date.now() + ms; isRunning(processId); await pause(10)) {
    if (Date.now() > end) throw new Error(`process ${processId} still runs after ${ms} ms`);
  }
}
