import { Socket } from 'node:net';
import { Client, type ClientChannel } from 'ssh2';

import { DeployError, toDeployError } from '../errors';
import { hostKeyAlgorithms, matchesHostKey, parseHostKeys, pinsFor, type HostKeyPin } from './hostKey';
import { loadPrivateKey } from './loadKey';
import { quoteForShell } from './quote';
import { SshChannel } from './sshChannel';
import { keyLogin, passwordLogin } from './sshLogin';
import {
  address,
  foreign,
  hostKeyRefused,
  interrupted,
  secondFactor,
  timedOut,
  unreachable,
  type Stage,
  type Target,
} from './sshMessages';
import type { Channel, Connection, StartOptions } from './types';

/** Where to connect to and how; the fields of the credential `hotDeploySshApi`. */
export interface SshOptions {
  host: string;
  port: number;
  username: string;
  authentication: 'privateKey' | 'password';
  privateKey?: string;
  passphrase?: string;
  password?: string;
  /** Fingerprints or known_hosts lines, as `parseHostKeys` reads them. Empty: every host is refused. */
  hostKeyFingerprint: string;
  /** For the connection, the handshake and the login together, in milliseconds; 20,000 when left out. */
  connectTimeoutMs?: number;
  /** Gives up connecting. An established connection is the caller's to close. */
  signal?: AbortSignal;
}

type Secret = { key: Awaited<ReturnType<typeof loadPrivateKey>> } | { password: string };

const DEFAULT_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** A silent network is noticed after a good minute. */
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 4 };

class SshConnection implements Connection {
  readonly description: string;
  readonly host: string;
  readonly remote = true;
  private readonly open = new Set<SshChannel>();
  private readonly closed: Promise<void>;
  private alive = true;
  private reason?: string;

  constructor(
    private readonly client: Client,
    private readonly socket: Socket,
    target: Target,
  ) {
    this.description = `${target.username}@${address(target)}`;
    this.host = target.host;
    client.on('error', (error: Error) => {
      this.reason = foreign(error.message);
      socket.destroy();
    });
    // Nothing can be answered any more, and what arrived has been handed on.
    client.on('end', () => socket.destroy());
    this.closed = new Promise((resolve) => {
      client.on('close', () => {
        this.alive = false;
        for (const channel of this.open) channel.lost();
        resolve();
      });
    });
  }

  async start(argv: readonly string[], { environment, quoteAll }: StartOptions = {}): Promise<Channel> {
    const command = quoteForShell(argv, quoteAll);
    if (!this.alive || !this.socket.writable) throw this.notStarted('it is closed');
    return this.exec(command, environment);
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.socket.destroy(), CLOSE_TIMEOUT_MS);
    this.client.end();
    await this.closed;
    clearTimeout(timer);
  }

  private exec(command: string, env?: Readonly<Record<string, string>>): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => reject(this.notStarted(foreign(String(error))));
      try {
        this.client.exec(command, { env: { ...env } }, (error, channel) =>
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
    if (this.alive && this.socket.writable) {
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

/** One attempt to connect: the first of success, refusal, timeout and abort decides; then nothing is left behind. */
class Attempt {
  private stage: Stage = 'connect';
  private readonly client = new Client();
  private readonly socket = new Socket();
  private refuse: (reason: DeployError) => void = () => undefined;

  constructor(
    private readonly target: Target,
    private readonly pins: readonly HostKeyPin[],
    private readonly secret: Secret,
  ) {}

  async run(timeoutMs: number, signal: AbortSignal | undefined): Promise<Connection> {
    const refused = new Promise<never>((_resolve, reject) => {
      this.refuse = reject;
    });
    const timer = setTimeout(() => this.refuse(timedOut(this.target, this.stage, timeoutMs)), timeoutMs);
    const cancel = (): void => this.refuse(cancelled(this.target));
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      await Promise.race([refused, this.openSocket()]);
      return await Promise.race([refused, this.logIn()]);
    } catch (error) {
      this.socket.destroy();
      throw toDeployError(error, 'CONNECTION');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  }

  private openSocket(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.on('error', (error) => {
        if (this.stage === 'connect') this.refuse(unreachable(this.target, error));
      });
      // Requests are small and wait for their answers: don't let Nagle's algorithm hold them back.
      this.socket.setNoDelay(true);
      this.socket.connect({ host: this.target.host, port: this.target.port }, resolve);
    });
  }

  private logIn(): Promise<Connection> {
    this.stage = 'handshake';
    const { client, target } = this;
    return new Promise((resolve) => {
      client.on('error', (error: Error) => this.refuse(interrupted(target, this.stage, error.message)));
      client.on('close', () => this.refuse(interrupted(target, this.stage)));
      client.on('handshake', () => {
        this.stage = 'login';
      });
      client.on('change password', () => this.refuse(secondFactor(target, 'a new password')));
      client.on('ready', () => resolve(new SshConnection(client, this.socket, target)));
      client.connect({
        sock: this.socket,
        username: target.username,
        readyTimeout: 0,
        ...KEEPALIVE,
        algorithms: { serverHostKey: hostKeyAlgorithms(this.pins, target.host, target.port) },
        hostVerifier: (key: Buffer) => this.verifyHost(key),
        authHandler: this.loginMethod(),
      });
    });
  }

  /** ssh2 asks during the key exchange, before anything about the user is sent. */
  private verifyHost(key: Buffer): boolean {
    const { host, port } = this.target;
    const verdict = matchesHostKey(this.pins, host, port, key);
    if (verdict === 'match') return true;
    const about = verdict === 'unknown' ? this.pins : pinsFor(this.pins, host, port);
    this.refuse(hostKeyRefused(this.target, verdict, key, about));
    return false;
  }

  private loginMethod() {
    const refuse = (reason: DeployError): void => this.refuse(reason);
    return 'key' in this.secret
      ? keyLogin(this.target, this.secret.key, refuse)
      : passwordLogin(this.target, this.secret.password, refuse);
  }
}

function cancelled(target: Target): DeployError {
  return new DeployError('CANCELLED', `Connecting to ${address(target)} was cancelled; nothing was started.`);
}

function checkTarget(options: SshOptions): Target {
  const host = options.host.trim();
  const username = options.username.trim();
  if (host === '') throw new DeployError('INPUT', '"Host" is empty; enter the name or address of the host.');
  if (username === '') throw new DeployError('INPUT', '"Username" is empty; enter the user to log in as.');
  const { port } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new DeployError('INPUT', `"Port" is ${port}; enter a whole number from 1 to 65535, usually 22.`);
  }
  return { host, port, username };
}

async function readSecret(options: SshOptions): Promise<Secret> {
  if (options.authentication === 'privateKey') {
    return { key: await loadPrivateKey(options.privateKey ?? '', options.passphrase) };
  }
  if (!options.password) {
    throw new DeployError('INPUT', '"Password" is empty; enter the password to log in with.');
  }
  return { password: options.password };
}

/**
 * Connects over SSH. The host's key is compared with the pinned ones during the key exchange, so that nothing about the
 * user reaches a host that nobody vouches for. Keepalives notice a silent network within 75 s.
 *
 * Channels of the connection: `exit` resolves after both stdout and stderr were read to their end, and the two share
 * one window of 2 MiB, so an unread stderr stops stdout; read both. Either is at most 2 MiB ahead of its reader.
 *
 * @throws INPUT when a field can't be used as given
 * @throws CONNECTION when the host can't be reached, its key or the login is refused; the message says which
 * @throws CANCELLED when the signal is aborted before the connection stands
 */
export async function connectSsh(options: SshOptions): Promise<Connection> {
  const target = checkTarget(options);
  const pins = parseHostKeys(options.hostKeyFingerprint);
  const secret = await readSecret(options);
  if (options.signal?.aborted) throw cancelled(target);
  return new Attempt(target, pins, secret).run(
    options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    options.signal,
  );
}
