import { DeployError } from '../errors';
import { fingerprint, keyType, type HostKeyPin, type HostKeyVerdict } from './hostKey';
import { knownHostsName } from './knownHosts';
import type { Mismatch } from './sshAlgorithms';

/** How far an attempt to connect has come. */
export type Stage = 'connect' | 'handshake' | 'login';

/** What stood in the way. */
export type Obstacle = Stage | 'name' | 'hostKey';

/** What the sentences speak about. */
export interface Target {
  host: string;
  port: number;
  username: string;
}

/** `host:port`, with brackets around an IPv6 address. */
export function address({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function refuse(
  message: string,
  target: Target,
  { stage = 'connect', ...options }: { stage?: Obstacle; description?: string; cause?: unknown } = {},
) {
  return new ConnectionFailed(message, target, stage, options);
}

/** `CONNECTION`: what kept a connection from coming about, for those who decide whether waiting helps. */
export class ConnectionFailed extends DeployError {
  constructor(
    message: string,
    readonly target: Target,
    readonly stage: Obstacle,
    options: { description?: string | undefined; cause?: unknown; jump?: true },
  ) {
    const { host, port, username } = target;
    const { jump, ...rest } = options;
    const details = { host, port, username, stage, ...(jump && { jump }) };
    super('CONNECTION', message, { ...rest, details });
  }
}

/** `CONNECTION`: the host opens no further channel over this connection, such as `MaxSessions` of its sshd says. */
export class ChannelRefused extends DeployError {
  constructor(message: string) {
    super('CONNECTION', message);
  }
}

/** Text that a server chose, made harmless to show: one line, no control characters, at most 120 characters. */
export function foreign(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 120);
}

/** The jump host did not open a way to the target. `reason` is SSH's (RFC 4254, section 5.1). */
function unreachableThrough(jump: Target, target: Target, thrown: Error & { reason?: unknown }): DeployError {
  const options = { cause: thrown };
  if (thrown.reason === 1) {
    return refuse(
      `The jump host ${address(jump)} does not let "${jump.username}" through to ${address(target)}; allow it in its sshd_config (AllowTcpForwarding, PermitOpen) or for its key in authorized_keys (port-forwarding, permitopen).`,
      target,
      options,
    );
  }
  return refuse(
    `The jump host ${address(jump)} can't reach ${address(target)} (${foreign(thrown.message)}); check "Host" and "Port", which are looked up there, and that sshd runs there.`,
    target,
    options,
  );
}

/** No way to the target could be opened, over the network or through `jump`. */
export function unreachable(target: Target, thrown: NodeJS.ErrnoException, jump?: Target): DeployError {
  if (jump) return unreachableThrough(jump, target, thrown);
  const options = { cause: thrown };
  switch (thrown.code) {
    case 'ENOTFOUND':
      return refuse(`The host name "${target.host}" is not known; correct "Host".`, target, {
        ...options,
        stage: 'name',
      });
    case 'EAI_AGAIN':
      return refuse(
        `The host name "${target.host}" could not be looked up just now; check this machine's name service.`,
        target,
        options,
      );
    case 'ECONNREFUSED':
      return refuse(
        `Nothing accepts connections at ${address(target)}; check "Host" and "Port" and that sshd runs there.`,
        target,
        options,
      );
    default:
      return refuse(
        `${address(target)} can't be reached (${thrown.code ?? 'unknown reason'}); check "Host", the network and firewalls.`,
        target,
        options,
      );
  }
}

/** The time for connecting ran out. */
export function timedOut(target: Target, stage: Stage, timeoutMs: number): DeployError {
  const within = `within ${timeoutMs / 1000} s`;
  const sentences: Record<Stage, string> = {
    connect: `${address(target)} did not answer ${within}; check "Host", "Port" and firewalls in between.`,
    handshake: `${address(target)} accepted the connection but did not complete the SSH handshake ${within}; check that "Port" is that of an SSH server.`,
    login: `${address(target)} did not decide about the login of "${target.username}" ${within}; look into the log of sshd there.`,
  };
  return refuse(sentences[stage], target);
}

/** The server went away, or the two sides do not understand each other. `reason` is ssh2's or the server's. */
export function interrupted(target: Target, stage: Stage, reason?: string): DeployError {
  const why = reason ? ` (${foreign(reason.replace(/^Handshake failed: /, ''))})` : '';
  if (stage === 'login') {
    return refuse(
      `${address(target)} ended the connection during the login of "${target.username}"${why}; look into the log of sshd there.`,
      target,
    );
  }
  return refuse(
    `The SSH handshake with ${address(target)} did not succeed${why}; check that "Port" is that of an SSH server and look into its log.`,
    target,
  );
}

/** The host offers nothing that is accepted, mostly because all it has is out of date. */
export function onlyOldAlgorithms(target: Target, { subject, wanted, offered }: Mismatch): DeployError {
  const list = offered ? `: ${foreign(offered)}` : '';
  return refuse(
    `${address(target)} offers no ${subject} that are accepted here${list}; let its sshd offer ${wanted}, for example, or update it. No login was tried.`,
    target,
    { stage: 'handshake' },
  );
}

/** The host would take the RSA key, signed in a way that can be forged. */
export function onlySha1(target: Target): DeployError {
  return refuse(
    `${address(target)} takes RSA keys only with SHA-1 signatures, which are not made here; use an ed25519 key in "Private Key", or update the SSH server.`,
    target,
    { stage: 'handshake' },
  );
}

/** The private key of the credential was not accepted. */
export function keyRefused(target: Target): DeployError {
  return refuse(
    `${address(target)} does not accept the private key for "${target.username}"; add its public key to ~/.ssh/authorized_keys of that user, or correct "Username" or "Private Key".`,
    target,
    { stage: 'login' },
  );
}

/** The password of the credential was not accepted; `method` as SSH names it. */
export function passwordRefused(target: Target, method: 'password' | 'keyboard-interactive'): DeployError {
  return refuse(
    `${address(target)} does not accept the password for "${target.username}" (${method}); correct "Username" or "Password".`,
    target,
    { stage: 'login' },
  );
}

/** The server does not offer the chosen way to log in at all. */
export function methodNotOffered(
  target: Target,
  chosen: 'privateKey' | 'password',
  offered: readonly string[],
): DeployError {
  const wanted = chosen === 'password' ? 'passwords' : 'private keys';
  return refuse(
    `${address(target)} does not accept ${wanted} for "${target.username}", only: ${foreign(offered.join(', '))}; choose another "Authentication".`,
    target,
    { stage: 'login' },
  );
}

/** The first way was accepted, and the server wants another one on top. */
export function secondFactor(target: Target, wanted: string): DeployError {
  return refuse(
    `${address(target)} wants more than one proof from "${target.username}" (${foreign(wanted)}), which can't be given unattended; let sshd accept one for this user.`,
    target,
    { stage: 'login' },
  );
}

/** Where the host shows the fingerprint of a key of this type. */
function howToCheck(type: string): string {
  const file = /ecdsa/.test(type) ? 'ecdsa' : /rsa/.test(type) ? 'rsa' : 'ed25519';
  return `On the host itself, ssh-keygen -lf /etc/ssh/ssh_host_${file}_key.pub prints the fingerprint it should have.`;
}

/** The host key is not one that the user vouches for. Nothing was sent to the host that it could use. */
export function hostKeyRefused(
  target: Target,
  verdict: Exclude<HostKeyVerdict, 'match'>,
  key: Buffer,
  pins: readonly HostKeyPin[],
): DeployError {
  const type = keyType(key);
  const presented = `${fingerprint(key)} (${type})`;
  const pinned = pins.filter((pin) => !pin.revoked).map((pin) => pin.fingerprint);
  const name = knownHostsName(target.host, target.port);
  const nothing =
    pins.length === 0 ? '"Host Key Fingerprint" is empty' : `"Host Key Fingerprint" has no key for ${name}`;
  const messages = {
    unknown: `${address(target)} presented the host key ${presented} and ${nothing}; if the host itself shows the same, put ${fingerprint(key)} there.`,
    mismatch: `${address(target)} presented the host key ${presented} but ${pinned.join(' or ')} is pinned in "Host Key Fingerprint"; find out why before changing it.`,
    revoked: `${address(target)} presented the host key ${presented}, which "Host Key Fingerprint" marks as @revoked; give the host a new key.`,
  };
  const warning =
    verdict === 'mismatch'
      ? ' It differs when the host was reinstalled, when the pinned one is of another key type, or when someone else answers in its place.'
      : '';
  return new DeployError('CONNECTION', messages[verdict], {
    description: `${howToCheck(type)}${warning} No login was tried.`,
    details: {
      host: target.host,
      port: target.port,
      stage: 'hostKey',
      presented: fingerprint(key),
      type,
      pinned,
    },
  });
}
