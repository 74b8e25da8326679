import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';

import { DeployError, toDeployError } from '../errors';
import { hostKeyAlgorithms, type HostKeyPin, matchesHostKey, pinsFor } from './hostKey';
import { forgetSecret, type Secret } from './loginSecret';
import { MODERN, Offers, SHA1_REFUSED } from './sshAlgorithms';
import { keepAlive } from './sshKeepalive';
import { keyLogin, passwordLogin } from './sshLogin';
import {
  address,
  hostKeyRefused,
  interrupted,
  onlyOldAlgorithms,
  onlySha1,
  secondFactor,
  type Stage,
  type Target,
  timedOut,
  unreachable,
} from './sshMessages';

/** A host that has let us in. */
export interface Hop {
  readonly target: Target;
  readonly client: Client;
  readonly socket: Duplex;
  /** What its SSH server calls itself, such as `OpenSSH_9.2p1`, as far as it can be shown. */
  readonly software?: string | undefined;
  /** Leaves at once, and the hosts on the way, too. */
  drop(): void;
}

/** How long to wait, and for whom. */
export interface Patience {
  timeoutMs: number;
  /** Between two keepalives, in milliseconds; the fourth that stays unanswered ends the connection. */
  keepaliveMs: number;
  signal?: AbortSignal | undefined;
}

/** As ssh2 writes it down; what comes from the host is only taken where it is a name. */
const IDENTIFICATION = /^Remote ident: ["']SSH-[\d.]+-([\x21-\x7e]{1,60})(?:["' ]|$)/;

/** One attempt to connect: the first of success, refusal, timeout and abort decides; then nothing is left behind. */
export class Attempt {
  private stage: Stage = 'connect';
  private readonly client = new Client();
  private readonly offers = new Offers();
  private socket?: Duplex;
  private software: string | undefined;
  private refuse: (reason: DeployError) => void = () => undefined;

  /** `before`: the hop through which this one is reached; without it, the network. */
  constructor(
    private readonly target: Target,
    private readonly pins: readonly HostKeyPin[],
    private readonly secret: Secret,
    private readonly before?: Hop,
  ) {}

  async run({ timeoutMs, keepaliveMs, signal }: Patience): Promise<Hop> {
    const refused = new Promise<never>((_resolve, reject) => {
      this.refuse = reject;
    });
    const timer = setTimeout(() => this.refuse(timedOut(this.target, this.stage, timeoutMs)), timeoutMs);
    const cancel = (): void => this.refuse(cancelled(this.target));
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const socket = await Promise.race([refused, this.before ? this.tunnel(this.before) : this.dial()]);
      await Promise.race([refused, this.logIn(socket)]);
      keepAlive(this.client, socket, keepaliveMs);
      const { target, client, software } = this;
      return { target, client, socket, software, drop: () => this.drop() };
    } catch (error) {
      this.drop();
      throw toDeployError(error, 'CONNECTION');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      forgetSecret(this.secret);
    }
  }

  private drop(): void {
    this.socket?.destroy();
    // A stream within another connection is not gone before that one is.
    this.before?.drop();
  }

  private dial(): Promise<Socket> {
    const socket = new Socket();
    this.socket = socket;
    return new Promise((resolve) => {
      socket.on('error', (error) => {
        if (this.stage === 'connect') this.refuse(unreachable(this.target, error));
      });
      // Requests are small and wait for their answers: don't let Nagle's algorithm hold them back.
      socket.setNoDelay(true);
      socket.connect({ host: this.target.host, port: this.target.port }, () => resolve(socket));
    });
  }

  private tunnel({ client, target: jump }: Hop): Promise<Duplex> {
    const { host, port } = this.target;
    return new Promise((resolve) => {
      const refuse = (error: unknown): void =>
        this.refuse(unreachable(this.target, error as NodeJS.ErrnoException, jump));
      try {
        client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
          if (error) return refuse(error);
          this.socket = stream;
          stream.on('error', () => undefined);
          resolve(stream);
        });
      } catch (error) {
        refuse(error);
      }
    });
  }

  private logIn(socket: Duplex): Promise<void> {
    this.stage = 'handshake';
    const { client, target } = this;
    return new Promise((resolve) => {
      client.on('error', (error: Error) => this.refuse(this.explain(error.message)));
      client.on('close', () => this.refuse(interrupted(target, this.stage)));
      client.on('handshake', () => {
        this.stage = 'login';
      });
      client.on('change password', () => this.refuse(secondFactor(target, 'a new password')));
      client.on('ready', resolve);
      client.connect({
        // ssh2's types want a Readable; it reads and writes.
        sock: socket,
        username: target.username,
        readyTimeout: 0,
        // Ours waits without keeping n8n from exiting: see `keepAlive`.
        keepaliveInterval: 0,
        algorithms: { ...MODERN, serverHostKey: hostKeyAlgorithms(this.pins, target.host, target.port) },
        hostVerifier: (key: Buffer) => this.verifyHost(key),
        authHandler: this.loginMethod(),
        debug: (line: string) => this.stage === 'handshake' && this.note(line),
      });
    });
  }

  /** Something that ssh2 writes down before anybody logs in. */
  private note(line: string): void {
    this.software ??= IDENTIFICATION.exec(line)?.[1];
    this.offers.note(line);
  }

  private explain(reason: string): DeployError {
    if (reason.includes(SHA1_REFUSED)) return onlySha1(this.target);
    const old = this.offers.explain(reason);
    return old ? onlyOldAlgorithms(this.target, old) : interrupted(this.target, this.stage, reason);
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

/** The caller gave up before the connection stood. */
export function cancelled(target: Target): DeployError {
  return new DeployError('CANCELLED', `Connecting to ${address(target)} was cancelled; nothing was started.`);
}
