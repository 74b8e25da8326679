import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import type { SshHost, SshOptions } from '../shared/connection/ssh';
import type { Access } from '../shared/executor/access';
import type { InterpreterOptions } from '../shared/executor/interpreter';
import { readChoice, readCount } from './values';

type Credential = ICredentialDataDecryptedObject;

/** The credential's fields as connection options; `hostOverride` takes the place of its host. */
export function sshOptions(credential: Credential, hostOverride = ''): SshOptions {
  const host = hostOf(credential, '');
  const route = readChoice('Route', credential.route ?? 'direct', ['direct', 'jumpHost']);
  return {
    ...host,
    host: hostOverride || host.host,
    ...(route === 'jumpHost' && { jump: jumpHostOf(credential, host) }),
    connectTimeoutMs: seconds('Connect Timeout (Seconds)', credential.connectTimeoutSeconds, 20, 1),
  };
}

/** After how many milliseconds of silence the host counts as lost. */
export function idleTimeoutOf({ idleTimeoutSeconds }: Credential): number {
  return seconds('Idle Timeout (Seconds)', idleTimeoutSeconds, 120, 20);
}

/** How the credential's user becomes the engine's. */
export function becomeOf(credential: Credential): InterpreterOptions['become'] {
  return credential.become === 'sudo' || credential.become === 'sudoPassword' ? credential.become : 'none';
}

/**
 * What the credential may be used for. One that was saved before there was a choice has none, and is full; anything that
 * is no choice is refused rather than guessed.
 */
export function accessOf({ access = 'full' }: Credential): Access {
  return readChoice('Access', access, ['full', 'readOnly']);
}

/** The fields of one host, whose names begin with `prefix`. */
function hostOf(credential: Credential, prefix: '' | 'jump'): SshHost {
  const field = (name: string) =>
    credential[prefix ? prefix + name.charAt(0).toUpperCase() + name.slice(1) : name];
  const text = (name: string) => String(field(name) ?? '');
  return {
    host: text('host').trim(),
    port: Number(field('port') ?? 22),
    username: text('username').trim(),
    hostKeyFingerprint: text('hostKeyFingerprint'),
    ...(field('authentication') === 'password'
      ? { authentication: 'password', password: text('password') }
      : {
          authentication: 'privateKey',
          privateKey: text('privateKey'),
          passphrase: text('passphrase') || undefined,
        }),
  };
}

function jumpHostOf(credential: Credential, same: SshHost): SshHost {
  const own = hostOf(credential, 'jump');
  const username = own.username || same.username;
  const way = readChoice('Jump Authentication', credential.jumpAuthentication ?? 'same', [
    'same',
    'privateKey',
    'password',
  ]);
  if (way !== 'same') return { ...own, username };
  const { host, port, hostKeyFingerprint } = own;
  return { ...same, host, port, username, hostKeyFingerprint };
}

function seconds(field: string, value: unknown, fallback: number, least: number): number {
  return readCount(field, value, fallback, least) * 1000;
}
