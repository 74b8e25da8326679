import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { onHost } from '../../support/conversation';
import { temporaryDirectories } from '../../support/deployment';
import { fakeInterpreter } from '../../support/fakeInterpreter';
import { startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();

let sshd: Sshd;
let user: SystemUser;
let directory: string;

beforeAll(async () => {
  sshd = await startSshd();
  user = createSystemUser();
  directory = await make();
  chmodSync(directory, 0o755);
});

afterAll(async () => {
  user.remove();
  await sshd.stop();
});

/** Opens an executor as a user with this login shell; the conversation is closed, and what greeted returned. */
async function openThrough(shell: string, python = 'python3'): Promise<ExecutorClient['hello']> {
  execFileSync('usermod', ['--shell', shell, user.username]);
  const connection = await connectSsh(withKey(sshd, { username: user.username }));
  try {
    const client = await ExecutorClient.open(connection, {
      interpreter: onHost(python),
      startTimeoutMs: 10_000,
    });
    await client.close();
    return client.hello;
  } finally {
    await connection.close();
  }
}

/** A login shell of our own: sshd calls it with `-c` and the command. */
function shell(name: string, script: string): string {
  return fakeInterpreter(join(directory, name), script);
}

it.each([
  [
    'prints a banner',
    'printf "\\033[1mWelcome!\\033[0m 100%%\\n\\n"; echo "Last login: never" >&2; exec sh "$@"',
  ],
  ['prints a long banner without an end of line', 'head -c 100000 /dev/zero | tr "\\0" x; exec sh "$@"'],
  ['prints the beginning of a marker', 'printf "\\001hot-deploy"; exec sh "$@"'],
  ['prints a farewell', 'sh "$@"; echo Goodbye'],
  ['is restricted', 'exec rbash "$@"'],
  ['is another one', 'exec busybox ash "$@"'],
])('a login shell that %s', async (_name, script) => {
  expect(await openThrough(shell('login-shell', script))).toMatchObject({ user: user.username, protocol: 1 });
});

it('a login shell that carries out nothing', async () => {
  expect(await thrownBy(openThrough('/usr/sbin/nologin'))).toMatchObject({
    code: 'CONNECTION',
    message: `The login shell of the user on ${user.username}@127.0.0.1:${sshd.port} carries out no commands.`,
    description: expect.stringContaining('This account is currently not available.'),
  });
});

it('a login shell that ends at once', async () => {
  expect(await thrownBy(openThrough('/bin/false'))).toMatchObject({
    code: 'CONNECTION',
    message: `python3 on ${user.username}@127.0.0.1:${sshd.port} ended before it answered (exit code 1).`,
  });
});

it('a login shell that speaks another language: what it says is shown', async () => {
  const thrown = await thrownBy(
    openThrough(shell('menu', 'echo "1) Backup  2) Quit"; cat > /dev/null & wait; exit 2')),
  );
  expect(thrown.code).toBe('CONNECTION');
  expect(thrown.description).toContain('1) Backup  2) Quit');
  const python = await thrownBy(openThrough('/usr/bin/python3'));
  expect(python.code).toBe('CONNECTION');
  expect(python.description).toContain('SyntaxError');
});

it('an interpreter that is not there', async () => {
  expect(await thrownBy(openThrough('/bin/sh', '/opt/none/python3'))).toMatchObject({
    code: 'CONNECTION',
    message: `/opt/none/python3 can't be started on ${user.username}@127.0.0.1:${sshd.port}.`,
    description: expect.stringContaining('Install Python 3.8 or newer there'),
  });
});
