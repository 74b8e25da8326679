import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The user's own Python would be below root's home. */
const SYSTEM_PYTHON = '/usr/bin/python3';

/** What starts a program as another user of this machine, with that user's groups. */
export function asUser(username: string): string[] {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    execFileSync('id', [flag, username], { encoding: 'utf8' }).trim(),
  );
  return ['setpriv', '--reuid', uid, '--regid', gid, '--init-groups'];
}

/** Writes an interpreter to `directory` that runs as another user; with `hidden`, without seeing others' processes. */
export function userPython(directory: string, username: string, hidden = false): string {
  chmodSync(directory, 0o755);
  const path = join(directory, `python-${username}${hidden ? '-hidden' : ''}`);
  const command = [...asUser(username), SYSTEM_PYTHON].join(' ');
  const script = hidden
    ? `exec unshare --mount sh -c 'mount -t proc -o hidepid=2 proc /proc && exec ${command} "$@"' sh "$@"`
    : `exec ${command} "$@"`;
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}
