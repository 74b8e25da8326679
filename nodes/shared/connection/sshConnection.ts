import { Socket } from 'node:net';
import type { ClientChannel } from 'ssh2';

import { DeployError } from '../errors';
import { quoteForShell } from './shellQuote';
import type { Hop } from './sshAttempt';
import { SshChannel } from './sshChannel';
import { address, ChannelRefused, foreign } from './sshMessages';
import type { Channel, StartOptions } from './connection';
import type { KeepableConnection } from './keptConnections';

const CLOSE_TIMEOUT_MS = 2_000;
/** A network that fell silent while nobody used the connection is not waited for until keepalives notice it. */
const FIRST_ANSWER_MS = 10_000;

/** Processes on a host that has let us in, and the way there. */
export class SshConnection implements KeepableConnection {
  readonly description: string;
  readonly host: string;
  readonly software?: string | undefined;
  readonly remote = true;
  readonly gone: Promise<void>;
  private readonly open = new Set<SshChannel>();
  private starting = 0;
  private alive = true;
  private rested = false;
  private reason?: string;

  /** `before`: the hop on the way, which is left when this one is. */
  constructor(
    private readonly hop: Hop,
    private readonly before?: Hop,
  ) {
    const { client, target } = hop;
    this.description = `${target.username}@${address(target)}`;
    this.host = target.host;
    this.software = hop.software;
    client.on('error', (error: Error) => this.drop(error));
    // Nothing can be answered any more, and what arrived has been handed on.
    client.on('end', () => hop.socket.destroy());
    before?.client.on('error', (error: Error) => this.drop(error));
    this.gone = new Promise((resolve) => {
      client.on('close', () => {
        this.alive = false;
        for (const channel of this.open) channel.lost();
        this.before?.client.end();
        resolve();
      });
    });
  }

  async start(argv: readonly string[], { environment, quoteAll }: StartOptions = {}): Promise<Channel> {
    const command = quoteForShell(argv, quoteAll);
    if (!this.usable) throw this.notStarted(new Error('it is closed'));
    return this.exec(command, environment);
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.hop.drop(), CLOSE_TIMEOUT_MS);
    this.hop.client.end();
    await this.gone;
    clearTimeout(timer);
  }

  get usable(): boolean {
    return this.alive && this.hop.socket.writable;
  }

  get quiet(): boolean {
    return this.starting === 0 && this.open.size === 0;
  }

  rest(): void {
    this.rested = true;
    this.wire?.unref();
  }

  wake(): void {
    this.wire?.ref();
  }

  /** What keeps n8n from exiting. */
  private get wire(): Socket | undefined {
    const { socket } = this.before ?? this.hop;
    return socket instanceof Socket ? socket : undefined;
  }

  private drop(error: Error): void {
    this.reason ??= foreign(error.message);
    this.hop.drop();
  }

  private async exec(command: string, env?: Readonly<Record<string, string>>): Promise<Channel> {
    const limit = this.rested && setTimeout(() => this.drop(new Error('it did not answer')), FIRST_ANSWER_MS);
    this.rested = false;
    this.starting += 1;
    try {
      return await this.request(command, env);
    } finally {
      this.starting -= 1;
      if (limit) clearTimeout(limit);
    }
  }

  private request(command: string, env?: Readonly<Record<string, string>>): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => reject(this.notStarted(error));
      try {
        this.hop.client.exec(command, { env: { ...env } }, (error, channel) =>
          error ? refuse(error) : resolve(this.adopt(channel)),
        );
      } catch (error) {
        refuse(error);
      }
    });
  }

  /** Has to run before anything else arrives: the exit can be in the same packet as the answer to `exec`. */
  private adopt(raw: ClientChannel): Channel {
    const channel = new SshChannel(raw);
    this.open.add(channel);
    void channel.exit.then(() => this.open.delete(channel));
    return channel;
  }

  private notStarted(thrown: unknown): DeployError {
    const reason = foreign(String(thrown));
    if (this.usable) {
      const message = `${this.description} refused to start a command (${reason}); look into the log of sshd there.`;
      const noChannel = typeof (thrown as { reason?: unknown }).reason === 'number';
      return noChannel ? new ChannelRefused(message) : new DeployError('CONNECTION', message);
    }
    return new DeployError(
      'LOST',
      `The connection to ${this.description} is gone (${this.reason ?? reason}); run the operation again.`,
    );
  }
}
