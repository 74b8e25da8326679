import type { ClientChannel } from 'ssh2';

import { DeployError } from '../errors';
import { quoteForShell } from './shellQuote';
import type { Hop } from './sshAttempt';
import { SshChannel } from './sshChannel';
import { address, foreign } from './sshMessages';
import type { Channel, Connection, StartOptions } from './connection';

const CLOSE_TIMEOUT_MS = 2_000;

/** Processes on a host that has let us in, and the way there. */
export class SshConnection implements Connection {
  readonly description: string;
  readonly host: string;
  readonly software?: string | undefined;
  readonly remote = true;
  private readonly open = new Set<SshChannel>();
  private readonly closed: Promise<void>;
  private alive = true;
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
    this.closed = new Promise((resolve) => {
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
    if (!this.usable) throw this.notStarted('it is closed');
    return this.exec(command, environment);
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.hop.drop(), CLOSE_TIMEOUT_MS);
    this.hop.client.end();
    await this.closed;
    clearTimeout(timer);
  }

  private get usable(): boolean {
    return this.alive && this.hop.socket.writable;
  }

  private drop(error: Error): void {
    this.reason ??= foreign(error.message);
    this.hop.drop();
  }

  private exec(command: string, env?: Readonly<Record<string, string>>): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => reject(this.notStarted(foreign(String(error))));
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

  private notStarted(reason: string): DeployError {
    if (this.usable) {
      return new DeployError(
        'CONNECTION',
        `${this.description} refused to start a command (${reason}); look into the log of sshd there.`,
      );
    }
    return new DeployError(
      'LOST',
      `The connection to ${this.description} is gone (${this.reason ?? reason}); run the operation again.`,
    );
  }
}
