import { once } from 'node:events';

import type { Ended, Hello } from '../contract/messages';
import type { Verb, ArgumentsOf, ResultOf } from '../contract/verbs';
import type { Channel, Connection, ProcessExit } from '../connection/connection';
import { type DeployError, expected, toDeployError } from '../errors';
import { encodeAhead, startsSomething } from './ahead';
import { cancelled, howItEnded, isGone, lost, notStarted, notUnderstood, refuseUnsupported } from './endings';
import { type Access, checkAccess } from './access';
import { type CallOptions, Calls, isAwaited } from './calls';
import type { ConversationStats, ExecutorOptions } from './conversation';
import { encodeFrame, encodeMessage, FRAME_DATA } from './frames';
import { Greeting } from './greeting';
import { Inbox } from './inbox';
import { interpreterArguments, passwordLine } from './interpreter';
import { type Message, readMessage } from './readMessage';
import { Pipeline } from './pipeline';
import { programFor, READY, SILENCE_SECONDS } from './program';
import { Pulse } from './pulse';
import { explainNoAnswer, whenMissing } from './noAnswer';
import { stepLimit, transferSeconds } from './stepLimits';
import { Supervision } from './supervision';

const SUDO_ASKS_AGAIN = /try again/i;
const LEAVING_MS = 8_000;

/** One conversation with one executor: typed calls over a channel, the same for a local process and SSH. */
export class ExecutorClient {
  readonly stats: ConversationStats = { roundTrips: 0, bytesSent: 0, bytesReceived: 0 };

  /** How the executor left, once it has. */
  ended?: Ended;

  private readonly calls = new Calls();
  private readonly inbox: Inbox;
  private readonly supervision: Supervision;
  private readonly greeting = new Greeting();
  private readonly left: Promise<void>;
  /** Resolves when steps can be asked for. Nobody has to wait for it. */
  private started: Promise<void> = this.greeting.accepted;
  private mayGoAhead = false;
  /** Whether something was started before anybody greeted: what became of it can't always be known. */
  private wentAhead = false;
  private readonly pulse: Pulse;
  private beats = 0;
  private lastId = 0;
  private lastGroup = 0;
  private complaint = '';
  private cancelled = false;
  private closing?: Promise<Ended | undefined>;
  /** Why no step can be asked for any more. */
  private over?: DeployError;

  private constructor(
    private readonly channel: Channel,
    readonly connection: Connection,
    private readonly options: ExecutorOptions,
  ) {
    this.pulse = new Pulse(
      (seconds) => this.beat(seconds),
      (seconds) => this.giveUp(`nothing was heard for ${seconds} s`),
      options.idleTimeoutMs ?? 120_000,
      (options.silenceSeconds ?? SILENCE_SECONDS) * 1000,
    );
    this.inbox = new Inbox(channel.stdout, {
      heard: (bytes) => {
        this.stats.bytesReceived += bytes;
        this.pulse.heard();
      },
      take: (frame) => this.onMessage(readMessage(frame)),
      refused: (reason) => {
        this.finish(this.notUnderstood(toDeployError(reason).message));
        this.channel.destroy();
      },
    });
    this.supervision = new Supervision(this.calls, this.inbox);
    channel.stderr.on('data', (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk.toString('utf8')).slice(-8192);
    });
    // Without a listener a broken pipe would end n8n; the channel's exit tells what happened.
    for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => undefined);
    this.left = channel.exit.then(async (exit) => {
      await this.inbox.emptied();
      this.onExit(exit);
    });
    options.signal?.addEventListener('abort', this.onAbort);
  }

  /**
   * Starts an executor over `connection` and waits for its greeting.
   *
   * @throws DeployError `CONNECTION` when no executor answers, with what was said instead; `INPUT` when a name or the
   * password can't be used
   */
  static async open(connection: Connection, options: ExecutorOptions): Promise<ExecutorClient> {
    const client = await ExecutorClient.begin(connection, options);
    await client.started;
    return client;
  }

  /**
   * As `open`, but does not wait for the greeting: steps that may go ahead (see `ahead.ts`) are sent behind the program, all
   * others when it has come. Where it doesn't come, each step rejects with what `open` would have thrown; `LOST` where one
   * went ahead and may have been carried out.
   */
  static async begin(connection: Connection, options: ExecutorOptions): Promise<ExecutorClient> {
    const argv = interpreterArguments(options.interpreter);
    const first =
      options.interpreter.become === 'sudoPassword' ? passwordLine(options.sudoPassword) : undefined;
    if (options.signal?.aborted) throw cancelled();
    const channel = await connection.start(argv, { whenMissing: whenMissing(options.interpreter) });
    const client = new ExecutorClient(channel, connection, options);
    client.started = client.start(first).catch((error: unknown) => {
      const reason = toDeployError(error, 'CONNECTION');
      client.finish(reason);
      client.channel.destroy();
      throw reason;
    });
    client.started.catch(() => undefined);
    return client;
  }

  /** Who answered. Known once `open` has resolved, or a step was answered. */
  get hello(): Hello {
    return expected(this.greeting.from, 'the greeting');
  }

  /** Whether no step can be asked for any more. */
  get isOver(): boolean {
    return this.over !== undefined || this.cancelled || this.ended !== undefined;
  }

  /** The container that the executor runs in, if it does. */
  get container(): string | undefined {
    const { runtime, container } = this.options.interpreter;
    return runtime === 'container' ? container : undefined;
  }

  /** Sends one step and resolves with its result. Rejects with the executor's own code and sentence. */
  async call<V extends Verb>(verb: V, args: ArgumentsOf<V>, options: CallOptions = {}): Promise<ResultOf<V>> {
    return (await this.timed(verb, args, options)).result;
  }

  /** As {@link call}, with the milliseconds that the step took on the engine's side. */
  async timed<V extends Verb>(
    verb: V,
    args: ArgumentsOf<V>,
    options: CallOptions = {},
  ): Promise<{ result: ResultOf<V>; ms: number }> {
    checkAccess(this.access, verb, this.options.reading);
    this.refuseIfOver();
    const { group, background, required } = options;
    const message = { id: ++this.lastId, verb, args, group, background, required };
    const ahead = this.greeting.from ? undefined : this.ahead(verb, message);
    if (ahead) this.wentAhead ||= startsSomething(verb);
    else if (!this.greeting.from) {
      // What comes after it waits, too: it is carried out in the order in which it was asked for.
      this.mayGoAhead = false;
      await this.started;
      this.refuseIfOver();
    }
    if (!ahead && isAwaited(options) && !this.calls.waiting) this.stats.roundTrips++;
    const limit = stepLimit(verb, args, this.options.commandTimeoutSeconds ?? 60);
    const answer = this.calls.add(message.id, verb, limit, options);
    this.write(ahead ?? encodeMessage(message));
    return answer;
  }

  private ahead<V extends Verb>(verb: V, message: { args: ArgumentsOf<V> }): Buffer | undefined {
    return this.mayGoAhead ? encodeAhead(verb, { ...message }) : undefined;
  }

  /** A number for calls that belong together: see {@link CallOptions.group}. */
  group(): number {
    return ++this.lastGroup;
  }

  /** Begins steps that are sent together. */
  pipeline(): Pipeline {
    return new Pipeline(this);
  }

  /** Sends raw content, as fast as the other side takes it. */
  async sendContent(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.started;
    this.supervision.sending = true;
    try {
      for await (const chunk of chunks) {
        this.refuseIfOver();
        if (!this.write(encodeFrame(FRAME_DATA, chunk))) await this.drained();
        this.calls.allow(transferSeconds(chunk.length));
      }
    } finally {
      this.supervision.sending = false;
    }
  }

  /**
   * Ends the conversation and resolves when the executor has left, or is given up after some seconds. Whoever calls
   * it again waits for the same end.
   */
  async close(): Promise<Ended | undefined> {
    this.closing ??= this.leave();
    return this.closing;
  }

  private async leave(): Promise<Ended | undefined> {
    this.over ??= this.lost('it was closed');
    this.channel.stdin.end();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.channel.destroy();
        this.finish(this.cancelled ? cancelled() : this.lost('it was not ended in time'));
        resolve();
      }, LEAVING_MS);
    });
    await Promise.race([this.left, tooLong]);
    clearTimeout(timer);
    return this.ended;
  }

  private async start(passwordLine: Buffer | undefined): Promise<void> {
    const where = this.connection.description;
    const seconds = (this.options.startTimeoutMs ?? 30_000) / 1000;
    const timer = setTimeout(() => {
      const late = notStarted(where, seconds, this.said());
      this.greeting.refuse(this.wentAhead ? this.lost(`nobody answered within ${seconds} s`) : late);
    }, seconds * 1000);
    try {
      // Aborted while the process was started, before anybody listened.
      if (this.options.signal?.aborted) throw cancelled();
      if (passwordLine) await this.passSudo(passwordLine);
      this.write(programFor(this.options.silenceSeconds ?? SILENCE_SECONDS, this.access));
      this.mayGoAhead = !passwordLine;
      await this.greeting.accepted;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whoever greeted is believed from now on, or the conversation is over: its next message may be in the same packet. */
  private greeted(hello: Hello): void {
    this.greeting.take(hello);
    const { interpreter } = this.options;
    try {
      refuseUnsupported(hello, interpreter.python, this.connection.description);
    } catch (error) {
      this.finish(toDeployError(error));
      this.inbox.stop();
      return;
    }
    this.greeting.accept();
    this.pulse.start();
  }

  /** Gives sudo its password once, and waits until Python says that it runs. */
  private async passSudo(passwordLine: Buffer): Promise<void> {
    const running = new Promise<void>((resolve) => {
      this.channel.stdout.on('data', () => {
        if (this.inbox.preamble.includes(READY)) resolve();
      });
    });
    this.channel.stderr.on('data', () => {
      // A second try would be one of the few that an account has.
      if (SUDO_ASKS_AGAIN.test(this.complaint)) this.channel.stdin.end();
    });
    this.write(passwordLine);
    await Promise.race([running, this.greeting.accepted]);
  }

  private get access(): Access {
    return this.options.access ?? 'full';
  }

  private refuseIfOver(): void {
    if (this.cancelled) throw cancelled(this.ended);
    if (this.over) throw this.over;
    if (this.ended) throw this.lost('the engine’s side ended it');
  }

  private write(bytes: Buffer): boolean {
    if (this.channel.stdin.writableEnded || this.channel.stdin.destroyed) return true;
    this.stats.bytesSent += bytes.length;
    return this.channel.stdin.write(bytes);
  }

  /** Resolves when more can be written, or when nobody is left to read it. */
  private async drained(): Promise<void> {
    const drain = once(this.channel.stdin, 'drain').catch(() => this.left);
    this.supervision.sending = false;
    await Promise.race([drain, this.left]);
    this.supervision.sending = true;
    this.pulse.heard();
  }

  private beat(seconds: number): void {
    this.beats += 1;
    this.write(encodeMessage({}));
    const verdict = this.supervision.passed(seconds);
    if (verdict) this.giveUp(verdict.how, verdict.remedy);
  }

  private onMessage(message: Message): void {
    if (message.type === 'alive') {
      // One for each of ours.
      this.beats -= 1;
      if (this.beats < 0) throw new RangeError('it says more often that it is there than it was asked');
    } else if (message.type === 'hello') {
      this.greeted(message.hello);
    } else if (!this.greeting.from) {
      throw new RangeError('it said something before it greeted');
    } else if (this.ended) {
      throw new RangeError('it said something after its end');
    } else if (message.type === 'ended') {
      this.ended = message.ended;
    } else {
      this.calls.take(message);
    }
  }

  private onExit(exit: ProcessExit): void {
    const { interpreter } = this.options;
    const where = this.connection.description;
    const unseen = this.wentAhead && isGone(exit);
    if (this.cancelled) this.finish(cancelled(this.ended));
    else if (this.greeting.from || unseen) this.finish(this.lost(howItEnded(exit, this.ended), exit));
    else this.finish(explainNoAnswer(interpreter, where, exit, this.said()));
  }

  /** Answers everything that still waits for an answer. */
  private finish(reason: DeployError): void {
    this.stop();
    this.over ??= reason;
    this.greeting.refuse(reason);
    this.calls.refuseAll(reason);
  }

  private giveUp(how: string, remedy?: string): void {
    this.finish(lost(this.connection.description, how, { said: this.said(), remedy }));
    this.channel.destroy();
  }

  private stop(): void {
    this.pulse.stop();
    this.options.signal?.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    this.cancelled = true;
    if (this.greeting.from || this.wentAhead) {
      // What would go on without this side ends with it, too.
      this.write(encodeMessage({ cancelled: true }));
      void this.close();
    }
    // Nothing was started yet that would have to be put right.
    else this.greeting.refuse(cancelled());
  };

  private said(): string {
    return `${this.inbox.preamble}${this.complaint}`.trim().slice(-4096);
  }

  private lost(how: string, exit?: ProcessExit): DeployError {
    return lost(this.connection.description, how, { said: this.said(), exit, ended: this.ended });
  }

  private notUnderstood(reason: string): DeployError {
    const where = this.connection.description;
    if (this.greeting.from) return this.lost(`its answers can't be understood (${reason})`);
    return notUnderstood(where, this.options.interpreter.python, reason, this.said());
  }
}
