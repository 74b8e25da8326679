import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** A user of this machine who exists for one test file. */
export interface SystemUser {
  username: string;
  password: string;
  remove(): void;
}

/** Makes a user with a random password and /bin/sh. Remove it in `afterAll`. Needs root. */
export function createSystemUser(): SystemUser {
  if (process.getuid?.() !== 0) {
    throw new Error('Tests of password logins make a temporary user with useradd: run them as root.');
  }
  const username = `hd${randomBytes(5).toString('hex')}`;
  const password = randomBytes(12).toString('base64url');
  execFileSync('useradd', ['--no-create-home', '--home-dir', '/tmp', '--shell', '/bin/sh', username]);
  execFileSync('chpasswd', { input: `${username}:${password}\n` });
  return {
    username,
    password,
    remove: () => void execFileSync('userdel', [username]),
  };
}
