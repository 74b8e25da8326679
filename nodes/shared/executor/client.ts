import { once } from 'node:events';

import type { Channel, Connection } from '../connection/types';
import { DeployError, type DeployErrorCode, toDeployError } from '../errors';
import { encodeFrame, encodeMessage, FRAME_DATA, FRAME_JSON, FrameReader } from './frames';
import { interpreterArguments, type InterpreterOptions } from './interpreter';
import { programFor } from './program';
import type { Ended, Hello, Verb, Verbs } from './protocol';
import { explainNoAnswer } from './noAnswer';

export interface ExecutorOptions {
  interpreter: InterpreterOptions;
  /** For `become: sudoPassword`; sent to sudo's standard input and nowhere else. */
  sudoPassword?: string;
  /** Seconds without a sign of this side after which the executor puts things right and leaves. */
  silenceSeconds?: number;
  /** How long the interpreter may take to answer, in milliseconds. */
  startTimeoutMs?: number;
  /** Aborted: the conversation ends, the executor puts things right, every call rejects with `CANCELLED`. */
  signal?: AbortSignal;
}

export interface CallOptions {
  /** Calls of one group are sent without waiting; after one that did not go well, the rest are not carried out. */
  group?: number;
  /** Carried out beside the others. */
  background?: boolean;
  /** A result that says `passed: false` stops the rest of the group, too. */
  required?: boolean;
  /** Gets a program's output as it comes. */
  onOutput?: (text: string) => void;
}

/** What one conversation cost. */
export interface ConversationStats {
  /** How often this side waited for an answer before it could go on, after the greeting. */
  roundTrips: number;
  bytesSent: number;
  bytesReceived: number;
}

interface PendingCall {
  resolve: (value: { result: unknown; ms: number }) => void;
  reject: (reason: DeployError) => void;
  options: CallOptions;
}

const HEARTBEAT_MS = 5_000;
const LEAVING_MS = 8_000;
const CODES: readonly string[] = [
  'INPUT',
  'CONNECTION',
  'LOST',
  'LOCKED',
  'CHECK',
  'STEP',
  'SOURCE_CHANGED',
  'CANCELLED',
  'NOT_FOUND',
] satisfies DeployErrorCode[];

/** One conversation with one executor: typed calls over a channel, the same for a local process and SSH. */
export class ExecutorClient {
  readonly stats: ConversationStats = { roundTrips: 0, bytesSent: 0, bytesReceived: 0 };

  /** Who answered. Known once `open` has resolved. */
  hello!: Hello;

  /** How the executor left, once it has. */
  ended?: Ended;

  private readonly calls = new Map<number, PendingCall>();
  private readonly frames = new FrameReader();
  private readonly heartbeat: NodeJS.Timeout;
  private readonly left: Promise<void>;
  private greet!: { resolve: () => void; reject: (reason: DeployError) => void };
  private lastId = 0;
  private lastGroup = 0;
  private complaint = '';
  private cancelled = false;

  private constructor(
    private readonly channel: Channel,
    readonly connection: Connection,
    private readonly options: ExecutorOptions,
  ) {
    channel.stdout.on('data', (chunk: Buffer) => this.onData(chunk));
    channel.stderr.on('data', (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk.toString('utf8')).slice(-8192);
    });
    // Without a listener a broken pipe would end n8n; the channel's exit tells what happened.
    for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => undefined);
    this.left = channel.exit.then((exit) => this.onExit(exit));
    this.heartbeat = setInterval(() => this.write(encodeMessage({})), HEARTBEAT_MS);
    this.heartbeat.unref();
    options.signal?.addEventListener('abort', this.onAbort);
  }

  /**
   * Starts an executor over `connection` and waits for its greeting.
   *
   * @throws DeployError `CONNECTION` when no executor answers, with what was said instead
   */
  static async open(connection: Connection, options: ExecutorOptions): Promise<ExecutorClient> {
    const argv = interpreterArguments(options.interpreter);
    if (options.signal?.aborted) throw cancelled();
    const client = new ExecutorClient(await connection.start(argv), connection, options);
    try {
      await client.start();
    } catch (error) {
      client.channel.destroy();
      client.stop();
      throw toDeployError(error, 'CONNECTION');
    }
    return client;
  }

  /** Sends one step and resolves with its result. Rejects with the executor's own code and sentence. */
  async call<V extends Verb>(
    verb: V,
    args: Verbs[V]['args'],
    options: CallOptions = {},
  ): Promise<Verbs[V]['result']> {
    return (await this.timed(verb, args, options)).result;
  }

  /** As {@link call}, with the milliseconds that the step took on the engine's side. */
  async timed<V extends Verb>(
    verb: V,
    args: Verbs[V]['args'],
    options: CallOptions = {},
  ): Promise<{ result: Verbs[V]['result']; ms: number }> {
    if (this.ended || this.cancelled) throw this.cancelled ? cancelled(this.ended) : this.lost();
    if (!options.background && !this.waiting()) this.stats.roundTrips++;
    const id = ++this.lastId;
    const { group, background, required } = options;
    const answer = new Promise<{ result: unknown; ms: number }>((resolve, reject) => {
      this.calls.set(id, { resolve, reject, options });
    });
    this.write(encodeMessage({ id, verb, args, group, background, required }));
    return (await answer) as { result: Verbs[V]['result']; ms: number };
  }

  /** A number for calls that belong together: see {@link CallOptions.group}. */
  group(): number {
    return ++this.lastGroup;
  }

  /** Sends raw content, as fast as the other side takes it. */
  async sendContent(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) {
      if (this.ended || this.cancelled) throw this.cancelled ? cancelled(this.ended) : this.lost();
      if (!this.write(encodeFrame(FRAME_DATA, chunk))) {
        await Promise.race([once(this.channel.stdin, 'drain'), this.left]);
      }
    }
  }

  /** Ends the conversation and resolves when the executor has left, or is given up after some seconds. */
  async close(): Promise<Ended | undefined> {
    this.channel.stdin.end();
    const timer = setTimeout(() => this.channel.destroy(), LEAVING_MS);
    await this.left;
    clearTimeout(timer);
    return this.ended;
  }

  private async start(): Promise<void> {
    const greeting = new Promise<void>((resolve, reject) => {
      this.greet = { resolve, reject };
    });
    const seconds = (this.options.startTimeoutMs ?? 30_000) / 1000;
    const timer = setTimeout(() => {
      this.greet.reject(
        new DeployError(
          'CONNECTION',
          `${this.connection.description} did not start Python within ${seconds} s.`,
          {
            description: this.said() || 'Nothing was answered. Try the same command in a terminal.',
          },
        ),
      );
    }, seconds * 1000);
    if (this.options.interpreter.become === 'sudoPassword')
      this.write(Buffer.from(`${this.options.sudoPassword ?? ''}\n`));
    this.write(programFor(this.options.silenceSeconds ?? 60));
    try {
      await greeting;
    } finally {
      clearTimeout(timer);
    }
    this.checkGreeting();
  }

  private checkGreeting(): void {
    const { python, system } = this.hello;
    const where = this.connection.description;
    if (!python.supported) {
      throw new DeployError(
        'CONNECTION',
        `${this.options.interpreter.python} on ${where} is Python ${python.version}; 3.8 or newer is needed.`,
        { description: 'Name a newer interpreter in the option Python, such as /usr/bin/python3.11.' },
      );
    }
    if (system !== 'linux') {
      throw new DeployError('CONNECTION', `${where} runs ${system}; the engine's side has to be Linux.`);
    }
  }

  private waiting(): boolean {
    for (const call of this.calls.values()) if (!call.options.background) return true;
    return false;
  }

  private write(bytes: Buffer): boolean {
    if (this.channel.stdin.writableEnded || this.channel.stdin.destroyed) return true;
    this.stats.bytesSent += bytes.length;
    return this.channel.stdin.write(bytes);
  }

  private onData(chunk: Buffer): void {
    this.stats.bytesReceived += chunk.length;
    try {
      for (const { kind, payload } of this.frames.push(chunk)) {
        if (kind === FRAME_JSON) this.onMessage(JSON.parse(payload.toString('utf8')));
      }
    } catch {
      // Whatever speaks there is no executor: the end of the channel rejects every call with what it said.
      this.channel.destroy();
    }
  }

  private onMessage(message: any): void {
    if (message.event === 'hello') {
      this.hello = message as Hello;
      this.greet.resolve();
    } else if (message.event === 'ended') {
      this.ended = message as Ended;
    } else if (message.event === 'output') {
      this.calls.get(message.id)?.options.onOutput?.(message.text);
    } else {
      this.onReply(message);
    }
  }

  private onReply(message: { id: number; ok: boolean; result: unknown; ms?: number; failure?: any }): void {
    const call = this.calls.get(message.id);
    if (!call) return;
    this.calls.delete(message.id);
    if (message.ok) {
      call.resolve({ result: message.result, ms: message.ms ?? 0 });
      return;
    }
    const { code, message: sentence, description, details } = message.failure;
    const known = (CODES.includes(code) ? code : 'STEP') as DeployErrorCode;
    call.reject(
      new DeployError(known, String(sentence), {
        description: description ?? undefined,
        details: { ...details, skipped: code === 'SKIPPED' },
      }),
    );
  }

  private onExit(exit: { code: number | null; signal: string | null }): void {
    this.stop();
    const reason = this.cancelled ? cancelled(this.ended) : this.lost(exit);
    if (this.hello) for (const call of this.calls.values()) call.reject(reason);
    else
      this.greet?.reject(
        explainNoAnswer(this.options.interpreter, this.connection.description, exit, this.said()),
      );
    this.calls.clear();
  }

  private stop(): void {
    clearInterval(this.heartbeat);
    this.options.signal?.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    this.cancelled = true;
    void this.close();
  };

  private said(): string {
    return `${this.frames.preamble}${this.complaint}`.trim().slice(-4096);
  }

  private lost(
    exit: { code: number | null; signal: string | null } = { code: null, signal: null },
  ): DeployError {
    const how = exit.signal
      ? `ended by ${exit.signal}`
      : exit.code === null
        ? 'the connection went away'
        : `ended with exit code ${exit.code}`;
    return new DeployError(
      'LOST',
      `The conversation with ${this.connection.description} broke off: ${how}.`,
      {
        description:
          'An unconfirmed switch is taken back on the engine’s side as soon as it notices; Get Status shows what is live.' +
          (this.said() ? `\n${this.said()}` : ''),
        details: { exit, ended: this.ended },
      },
    );
  }
}

function cancelled(ended?: Ended): DeployError {
  return new DeployError('CANCELLED', 'The execution was cancelled.', { details: { ended } });
}
