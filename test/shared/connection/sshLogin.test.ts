import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Server as SshServer } from 'ssh2';

import { connectSsh, type SshOptions } from '../../../nodes/shared/connection/ssh';
import { DEBUG_LOG, makeKey, startSshd, type KeyName, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';

let sshd: Sshd;
let passwordSshd: Sshd;
let promptSshd: Sshd;
let bothSshd: Sshd;
let user: SystemUser;

beforeAll(async () => {
  user = createSystemUser();
  sshd = await startSshd();
  passwordSshd = await startSshd({ password: true, config: [DEBUG_LOG] });
  promptSshd = await startSshd({ keyboardInteractive: true, config: [DEBUG_LOG] });
  bothSshd = await startSshd({
    password: true,
    config: ['AuthenticationMethods publickey,password password,publickey'],
  });
});

afterAll(async () => {
  await Promise.all([sshd, passwordSshd, promptSshd, bothSshd].map((server) => server?.stop()));
  user?.remove();
});

const withPassword = (server: Sshd, changes: Partial<SshOptions> = {}): SshOptions => ({
  ...withKey(server, { privateKey: undefined, authentication: 'password' }),
  username: user.username,
  password: user.password,
  ...changes,
});

/** Logs in and returns who the host says we are. */
async function whoAmI(options: SshOptions): Promise<string> {
  const connection = await connectSsh(options);
  try {
    const channel = await connection.start(['id', '-un']);
    channel.stderr.resume();
    const name = await text(channel.stdout);
    expect(await channel.exit).toEqual({ code: 0, signal: null });
    return name.trim();
  } finally {
    await connection.close();
  }
}

describe('private keys', () => {
  it.each<KeyName>(['ed25519', 'ecdsa', 'rsa'])('%s: open, protected, pasted badly', async (type) => {
    const made = await makeKey(type, { passphrase: 'open sesame' });
    await sshd.authorize(made.publicKey);
    const open = sshd.clientKeys[type];
    expect(await whoAmI(withKey(sshd, { privateKey: open }))).toBe(sshd.username);
    expect(await whoAmI(withKey(sshd, { privateKey: open.replaceAll('\n', ' ') }))).toBe(sshd.username);
    const shut = { privateKey: made.privateKey, passphrase: 'open sesame' };
    expect(await whoAmI(withKey(sshd, shut))).toBe(sshd.username);
  });

  it.each<KeyName>(['ecdsa', 'rsa'])('%s: the older formats PEM and PKCS8', async (type) => {
    for (const format of ['PEM', 'PKCS8'] as const) {
      const made = await makeKey(type, { format, passphrase: 'open sesame' });
      await sshd.authorize(made.publicKey);
      const shut = { privateKey: made.privateKey, passphrase: 'open sesame' };
      expect(await whoAmI(withKey(sshd, shut))).toBe(sshd.username);
    }
  });

  it('P7: a key that the host does not know', async () => {
    const { privateKey } = await makeKey('ed25519');
    const thrown = await thrownBy(connectSsh(withKey(sshd, { privateKey })));
    expect(thrown).toMatchObject({
      code: 'CONNECTION',
      message: `127.0.0.1:${sshd.port} does not accept the private key for "${sshd.username}"; add its public key to ~/.ssh/authorized_keys of that user, or correct "Username" or "Private Key".`,
      details: { host: '127.0.0.1', port: sshd.port, username: sshd.username },
    });
  });

  it('a user that the host does not know', async () => {
    const thrown = await thrownBy(connectSsh(withKey(sshd, { username: 'nobody-here' })));
    expect(thrown.message).toContain('does not accept the private key for "nobody-here"');
  });

  it('a protected key without or with the wrong passphrase never reaches the host', async () => {
    const { privateKey } = await makeKey('ed25519', { passphrase: 'open sesame' });
    const port = 1;
    expect(await thrownBy(connectSsh(withKey(sshd, { port, privateKey })))).toMatchObject({
      message: '"Private Key" is protected: enter its passphrase into "Passphrase".',
    });
    expect(await thrownBy(connectSsh(withKey(sshd, { port, privateKey, passphrase: 'x' })))).toMatchObject({
      message: '"Passphrase" does not open the private key; enter the passphrase this key was made with.',
    });
  });
});

describe('passwords', () => {
  it('the method password', async () => {
    expect(await whoAmI(withPassword(passwordSshd))).toBe(user.username);
  });

  it('the method keyboard-interactive', async () => {
    expect(await whoAmI(withPassword(promptSshd))).toBe(user.username);
  });

  it.each([
    ['password', () => passwordSshd],
    ['keyboard-interactive', () => promptSshd],
  ])('P7: a wrong password for %s is tried once and never shown', async (method, server) => {
    const password = 'Wr0ngButSecret';
    const before = server().log().length;
    const thrown = await thrownBy(connectSsh(withPassword(server(), { password })));
    expect(thrown).toMatchObject({
      code: 'CONNECTION',
      message: `127.0.0.1:${server().port} does not accept the password for "${user.username}" (${method}); correct "Username" or "Password".`,
    });
    expect(JSON.stringify([thrown, thrown.stack, thrown.cause])).not.toContain(password);
    const attempts = server()
      .log()
      .slice(before)
      .match(/userauth-request .* method (?!none)/g);
    expect(attempts).toHaveLength(1);
  });

  it('a host that takes no passwords says what it takes', async () => {
    const thrown = await thrownBy(connectSsh(withPassword(sshd)));
    expect(thrown).toMatchObject({
      code: 'CONNECTION',
      message: `127.0.0.1:${sshd.port} does not accept passwords for "${user.username}", only: publickey; choose another "Authentication".`,
    });
  });

  it('a host that takes no keys says what it takes', async () => {
    const server = await startSshd({ password: true, config: ['PubkeyAuthentication no'] });
    try {
      expect((await thrownBy(connectSsh(withKey(server)))).message).toBe(
        `127.0.0.1:${server.port} does not accept private keys for "${server.username}", only: password; choose another "Authentication".`,
      );
    } finally {
      await server.stop();
    }
  });

  it('a host that wants two proofs is named as such, whichever comes first', async () => {
    const sentence = (username: string, wanted: string): string =>
      `127.0.0.1:${bothSshd.port} wants more than one proof from "${username}" (${wanted}), which can't be given unattended; let sshd accept one for this user.`;
    expect((await thrownBy(connectSsh(withKey(bothSshd)))).message).toBe(
      sentence(bothSshd.username, 'password'),
    );
    expect((await thrownBy(connectSsh(withPassword(bothSshd)))).message).toBe(
      sentence(user.username, 'publickey'),
    );
  });

  it.each([
    ['a prompt that echoes', [{ prompt: 'Code: ', echo: true }], 'Code:'],
    [
      'two prompts at once',
      [
        { prompt: 'Password: ', echo: false },
        { prompt: 'Token: ', echo: false },
      ],
      'Password: Token:',
    ],
  ])('P7: %s gets no password', async (_name, prompts, wanted) => {
    const answers: string[][] = [];
    const { server, port, pin } = await promptServer(prompts, answers);
    try {
      const thrown = await thrownBy(connectSsh(withPassword(sshd, { port, hostKeyFingerprint: pin })));
      expect(thrown.message).toContain(`wants more than one proof from "${user.username}" (${wanted})`);
      expect(answers).toEqual([]);
    } finally {
      server.close();
    }
  });
});

/** A server that asks prompts which no OpenSSH set up from a test would ask. */
async function promptServer(prompts: Array<{ prompt: string; echo: boolean }>, answers: string[][]) {
  const key = await makeKey('ed25519');
  const server = new SshServer({ hostKeys: [key.privateKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
      else context.prompt(prompts, (given) => answers.push(given));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, pin: key.fingerprint };
}
