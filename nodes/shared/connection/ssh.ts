import { DeployError } from '../errors';
import { parseHostKeys } from './hostKey';
import { loadPrivateKey } from './loadKey';
import { withoutSha1 } from './sshAlgorithms';
import type { Secret } from './loginSecret';
import { Attempt, cancelled, type Hop, type Patience } from './sshAttempt';
import { SshConnection } from './sshConnection';
import { aboutJumpHost } from './sshJump';
import type { Target } from './sshMessages';

/** One host and how it is logged in to. */
export interface SshHost {
  host: string;
  port: number;
  username: string;
  authentication: 'privateKey' | 'password';
  privateKey?: string | undefined;
  passphrase?: string | undefined;
  password?: string | undefined;
  /** Fingerprints or known_hosts lines, as `parseHostKeys` reads them. Empty: every host is refused. */
  hostKeyFingerprint: string;
}

/** Where to connect to and how; the fields of the credential `hotDeploySshApi`. */
export interface SshOptions extends SshHost {
  /** The host through which the other one is reached. It sees only encrypted bytes of what is said there. */
  jump?: SshHost | undefined;
  /** For the connection, the handshake and the login to one host together, in milliseconds; 20,000 when left out. */
  connectTimeoutMs?: number;
  /** Between two keepalives, in milliseconds; 15,000 when left out. The fourth unanswered one ends the connection. */
  keepaliveMs?: number;
  /** Gives up connecting. An established connection is the caller's to close. */
  signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 20_000;
/** A silent network is noticed after a good minute. */
const DEFAULT_KEEPALIVE_MS = 15_000;

function checkTarget(options: SshHost): Target {
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

async function readSecret(options: SshHost): Promise<Secret> {
  if (options.authentication === 'privateKey') {
    return { key: withoutSha1(await loadPrivateKey(options.privateKey ?? '', options.passphrase)) };
  }
  if (!options.password) {
    throw new DeployError('INPUT', '"Password" is empty; enter the password to log in with.');
  }
  return { password: Buffer.from(options.password) };
}

type Way = [target: Target, pins: ReturnType<typeof parseHostKeys>, secret: Secret];

/** Everything about a host that can be wrong before anything is sent. */
async function prepare(options: SshHost): Promise<Way> {
  return [checkTarget(options), parseHostKeys(options.hostKeyFingerprint), await readSecret(options)];
}

/**
 * Connects over SSH, through a jump host where there is one. Each host's key is compared with its pinned ones during
 * the key exchange, so that nothing about the user reaches a host that nobody vouches for. Keepalives notice a silent
 * network within 75 s.
 *
 * Channels of the connection: `exit` resolves after both stdout and stderr were read to their end, and the two share
 * one window of 2 MiB, so an unread stderr stops stdout; read both. Either is at most 2 MiB ahead of its reader.
 *
 * @throws INPUT when a field can't be used as given
 * @throws CONNECTION when a host can't be reached, its key or the login is refused; the message says which
 * @throws CANCELLED when the signal is aborted before the connection stands
 */
export async function connectSsh(options: SshOptions): Promise<SshConnection> {
  const { jump, signal } = options;
  const way = await prepare(options);
  const jumpWay = jump && (await aboutJumpHost(() => prepare(jump)));
  if (signal?.aborted) throw cancelled(way[0]);
  const patience: Patience = {
    timeoutMs: options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    keepaliveMs: options.keepaliveMs ?? DEFAULT_KEEPALIVE_MS,
    signal,
  };
  const before = jumpWay && (await aboutJumpHost<Hop>(() => new Attempt(...jumpWay).run(patience)));
  return new SshConnection(await new Attempt(...way, before).run(patience), before);
}
