import type { SshOptions } from '../../nodes/shared/connection/ssh';
import type { Sshd } from './sshd';

/** Options that log in at a test's own server with its ed25519 client key, except for `changes`. */
export function withKey(server: Sshd, changes: Partial<SshOptions> = {}): SshOptions {
  return {
    host: server.host,
    port: server.port,
    username: server.username,
    authentication: 'privateKey',
    privateKey: server.clientKeys.ed25519,
    hostKeyFingerprint: server.fingerprint,
    ...changes,
  };
}
