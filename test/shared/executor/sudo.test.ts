import type { DeployError } from '../../../nodes/shared/errors';
import { readdirSync, readFileSync } from 'node:fs';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import type { Connection } from '../../../nodes/shared/connection/connection';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { ExecutorOptions } from '../../../nodes/shared/executor/conversation';
import { startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { allowSudo } from '../../support/sudoRules';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';

type Rule = 'free' | 'asked' | 'none';

const RULES: Partial<Record<Rule, string>> = { free: 'ALL=(ALL) NOPASSWD: ALL', asked: 'ALL=(ALL) ALL' };

let sshd: Sshd;
const users = {} as Record<Rule, SystemUser>;
const connections = {} as Record<Rule, Connection>;
const cleanUp: Array<() => void> = [];

beforeAll(async () => {
  sshd = await startSshd();
  for (const name of ['free', 'asked', 'none'] as const) {
    const user = createSystemUser();
    cleanUp.push(() => user.remove());
    users[name] = user;
    const rule = RULES[name];
    if (rule) cleanUp.push(allowSudo(user.username, rule));
    connections[name] = await connectSsh(withKey(sshd, { username: user.username }));
  }
});

afterAll(async () => {
  for (const connection of Object.values(connections)) await connection.close();
  for (const undo of cleanUp.reverse()) undo();
  await sshd.stop();
});

/** Opens an executor as root, as far as sudo lets the user; python3 is what sudo's own path leads to. */
function open(user: Rule, sudoPassword?: string): Promise<ExecutorClient> {
  const options: ExecutorOptions = {
    interpreter: {
      python: 'python3',
      become: sudoPassword === undefined ? 'sudo' : 'sudoPassword',
      runtime: 'host',
    },
    sudoPassword,
  };
  return ExecutorClient.open(connections[user], options);
}

/** Command lines and environments of all processes. */
function processes(): string {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (path: string) => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return '';
    }
  };
  return ids.map((id) => read(`/proc/${id}/cmdline`) + read(`/proc/${id}/environ`)).join('\n');
}

/** An error with everything in it that could be shown or logged. */
function everythingIn(error: Error): string {
  return JSON.stringify({ ...error, text: String(error), stack: error.stack, cause: error.cause });
}

it('sudo without a password', async () => {
  const client = await open('free');
  expect(client.hello.user).toBe('root');
  expect(await client.close()).toMatchObject({ reverted: false });
});

it.each(['none', 'asked'] as const)('sudo that asks for a password, and there is none (%s)', async (user) => {
  expect(await thrownBy(open(user))).toMatchObject({
    code: 'CONNECTION',
    message: `sudo on ${connections[user].description} asks for a password.`,
    description: expect.stringContaining('Set Become to “sudo with password” in the credential'),
  });
});

it('P7: sudo with the right password, which nobody sees', async () => {
  const { password } = users.asked;
  const client = await open('asked', password);
  expect(client.hello.user).toBe('root');
  expect(processes()).toContain('hot-deploy');
  expect(processes()).not.toContain(password);
  expect(JSON.stringify([client.hello, client.stats, client.ended])).not.toContain(password);
  await client.close();
});

it('P7: sudo with a wrong password says so, tries it once only, and does not repeat it', async () => {
  const password = 'not-the-right-one';
  const thrown = await thrownBy(open('asked', password));
  expect(thrown).toMatchObject({
    code: 'CONNECTION',
    message: `sudo on ${connections.asked.description} refused the password.`,
    description: expect.stringContaining('Correct Sudo Password in the credential.'),
  });
  // sudo's own count: a second one may lock the account.
  expect((thrown as DeployError).description).toContain('1 incorrect password attempt');
  expect(everythingIn(thrown)).not.toContain(password);
});

it('P7: a user who may not use sudo is told so', async () => {
  const { password } = users.none;
  const thrown = await thrownBy(open('none', password));
  expect(thrown).toMatchObject({
    code: 'CONNECTION',
    message: `The user on ${connections.none.description} may not use sudo for this.`,
  });
  expect(everythingIn(thrown)).not.toContain(password);
});

it.each(['needless', 'hd:', 'hd:12', 'hd:secret', '\u{1f511} ähm "\'$(id)', '-n', ' '])(
  'P7: a password that sudo does not ask for is skipped: %j',
  async (password) => {
    const client = await open('free', password);
    expect(client.hello.user).toBe('root');
    expect(JSON.stringify([client.hello, client.stats])).not.toContain(password.trim() || 'no such text');
    await client.close();
  },
);

it('P7: an empty password is refused before anything starts', async () => {
  expect(await thrownBy(open('asked', ''))).toMatchObject({ code: 'INPUT' });
});

it('an interpreter that is not there, with sudo in front', async () => {
  const interpreter = { python: 'python9.9', become: 'sudo' as const, runtime: 'host' as const };
  expect(await thrownBy(ExecutorClient.open(connections.free, { interpreter }))).toMatchObject({
    code: 'CONNECTION',
    message: `python9.9 can't be started on ${connections.free.description}.`,
    description: expect.stringContaining('sudo: python9.9: command not found'),
  });
});
