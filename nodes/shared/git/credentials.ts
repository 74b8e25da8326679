import type { SshOptions } from '../connection/ssh';
import { DeployError } from '../errors';
import { isLoopback, type RepositoryAddress } from './address';

/** What opens a repository; the fields of the credential `hotDeployGitApi`. */
export interface GitCredentials {
  authentication: 'token' | 'password' | 'deployKey';
  /** A repository that it opens. It is never given to another host than this one's. */
  repository: string;
  username: string;
  /** The token or the password. */
  password: string;
  privateKey: string;
  passphrase: string;
  hostKeyFingerprint: string;
}

/** A user and what `git` sends as its password. */
export interface Login {
  username: string;
  password: string;
}

/** Whom the forges want named beside a token; most take any name. */
const TOKEN_USERS: Readonly<Record<string, string>> = { 'bitbucket.org': 'x-token-auth' };

/**
 * What to answer when the server of `address` asks for a login; undefined when the credential is of another kind.
 *
 * @throws DeployError `INPUT` when the credential is for another host, for SSH, or would cross the network in the clear
 */
export function loginFor(
  address: RepositoryAddress,
  credentials: GitCredentials | undefined,
): Login | undefined {
  if (!credentials) return undefined;
  const { authentication, username, password } = credentials;
  if (authentication === 'deployKey')
    throw unusable('holds a deploy key, and the repository’s address is not for SSH');
  if (address.kind === 'file') return undefined;
  if (address.kind === 'http' && !isLoopback(address.host)) {
    throw unusable('would cross the network unencrypted, as the repository’s address begins with http://');
  }
  if (password === '') throw unusable('has neither token nor password');
  if (/[\p{Cc}]/u.test(username + password))
    throw unusable('holds a line break or another control character');
  return { username: username || TOKEN_USERS[address.host] || 'x-access-token', password };
}

/** A login in all forms in which a server could repeat it. */
export function secretsOf(login: Login | undefined): string[] {
  if (!login) return [];
  const { username, password } = login;
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  return [pair, password, encodeURIComponent(password)];
}

/**
 * How to log in to the host of an SSH address.
 *
 * @throws DeployError `INPUT` without a deploy key
 */
export function sshLoginFor(
  address: RepositoryAddress,
  credentials: GitCredentials | undefined,
  signal?: AbortSignal,
): SshOptions {
  if (!credentials || credentials.authentication !== 'deployKey') {
    throw new DeployError(
      'INPUT',
      `Repository ${address.url} is reached over SSH, which needs a deploy key.`,
      {
        description:
          'Choose a Hot Deploy Git API credential whose Authentication is Deploy Key, or use the https:// address.',
      },
    );
  }
  const { privateKey, passphrase, hostKeyFingerprint } = credentials;
  return {
    host: address.host,
    port: address.port,
    username: address.user,
    authentication: 'privateKey',
    privateKey,
    passphrase: passphrase || undefined,
    hostKeyFingerprint,
    signal,
  };
}

/**
 * Refuses to give a credential to another host than the one it was made for, whatever a workflow asks for.
 *
 * @throws DeployError `INPUT` naming both hosts
 */
export function refuseOtherHost(address: RepositoryAddress, own: RepositoryAddress | undefined): void {
  if (!own || own.host === address.host) return;
  throw new DeployError(
    'INPUT',
    `The Git credential is for ${own.host || 'this machine'}, and the repository is on ${address.host || 'this machine'}.`,
    { description: 'Choose the credential of that host, or correct Repository.' },
  );
}

function unusable(reason: string): DeployError {
  return new DeployError('INPUT', `The Git credential ${reason}.`, {
    description: 'Choose another Hot Deploy Git API credential, or correct Repository.',
  });
}
