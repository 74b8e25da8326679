import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { utils } from 'ssh2';

import { connectSsh, type SshOptions } from '../../../nodes/shared/connection/ssh';
import { startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
});

afterAll(() => sshd.stop());

describe('hosts that can not be reached', () => {
  /** A TCP server with manners of its own. */
  async function listen(
    behave: Parameters<typeof createServer>[1],
  ): Promise<{ port: number; server: Server }> {
    const server = createServer({}, behave as never).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, server };
  }

  it('nothing listens there', async () => {
    const { port, server } = await listen(() => undefined);
    server.close();
    await once(server, 'close');
    expect(await thrownBy(connectSsh(withKey(sshd, { port })))).toMatchObject({
      code: 'CONNECTION',
      message: `Nothing accepts connections at 127.0.0.1:${port}; check "Host" and "Port" and that sshd runs there.`,
    });
  });

  it('the name is not known', async () => {
    const thrown = await thrownBy(connectSsh(withKey(sshd, { host: 'no-such-host.invalid' })));
    expect(thrown.code).toBe('CONNECTION');
    expect(thrown.message).toMatch(
      /^The host name "no-such-host.invalid" (is not known|could not be looked up)/,
    );
  });

  it('something else than SSH answers', async () => {
    const { port, server } = await listen((socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    try {
      const thrown = await thrownBy(connectSsh(withKey(sshd, { port })));
      expect(thrown.code).toBe('CONNECTION');
      expect(thrown.message).toMatch(
        new RegExp(
          `^The SSH handshake with 127\\.0\\.0\\.1:${port} did not succeed \\(.+\\); check that "Port"`,
        ),
      );
    } finally {
      server.close();
    }
  });

  it('the two sides have no algorithm in common', async () => {
    const server = await startSshd({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    try {
      expect((await thrownBy(connectSsh(withKey(server)))).message).toBe(
        `127.0.0.1:${server.port} offers no key exchange methods that are accepted here: sntrup761x25519-sha512@openssh.com; let its sshd offer curve25519-sha256, for example, or update it. No login was tried.`,
      );
    } finally {
      await server.stop();
    }
  });

  it('it stays silent: the time limit counts, and nothing is left open', async () => {
    const closed: Array<Promise<unknown>> = [];
    const { port, server } = await listen((socket) => {
      closed.push(once(socket, 'close'));
      socket.resume();
    });
    try {
      const thrown = await thrownBy(connectSsh(withKey(sshd, { port, connectTimeoutMs: 100 })));
      expect(thrown).toMatchObject({
        code: 'CONNECTION',
        message: `127.0.0.1:${port} accepted the connection but did not complete the SSH handshake within 0.1 s; check that "Port" is that of an SSH server.`,
      });
      expect(closed).toHaveLength(1);
      await closed[0];
    } finally {
      server.close();
    }
  });

  it('P8: an aborted signal ends the attempt and closes the socket', async () => {
    const abort = new AbortController();
    const closed: Array<Promise<unknown>> = [];
    const { port, server } = await listen((socket) => {
      closed.push(once(socket, 'close'));
      socket.resume();
      abort.abort();
    });
    try {
      const thrown = await thrownBy(connectSsh(withKey(sshd, { port, signal: abort.signal })));
      expect(thrown).toMatchObject({
        code: 'CANCELLED',
        message: `Connecting to 127.0.0.1:${port} was cancelled; nothing was started.`,
      });
      await closed[0];
      expect(await thrownBy(connectSsh(withKey(sshd, { port, signal: abort.signal })))).toMatchObject({
        code: 'CANCELLED',
      });
      expect(closed).toHaveLength(1);
    } finally {
      server.close();
    }
  });

  it('a signal aborted later leaves the established connection alone', async () => {
    const abort = new AbortController();
    const connection = await connectSsh(withKey(sshd, { signal: abort.signal }));
    abort.abort();
    const channel = await connection.start(['true']);
    channel.stdout.resume();
    channel.stderr.resume();
    expect(await channel.exit).toEqual({ code: 0, signal: null });
    await connection.close();
  });
});

it.each<[Partial<SshOptions>, string]>([
  [{ host: ' ' }, '"Host" is empty; enter the name or address of the host.'],
  [{ username: '' }, '"Username" is empty; enter the user to log in as.'],
  [{ port: 0 }, '"Port" is 0; enter a whole number from 1 to 65535, usually 22.'],
  [{ authentication: 'password' }, '"Password" is empty; enter the password to log in with.'],
])('names the field that can not be used: %j', async (changes, message) => {
  expect(await thrownBy(connectSsh(withKey(sshd, changes)))).toMatchObject({ code: 'INPUT', message });
});

it('P7: the public half pasted as private key is named before anything is sent', async () => {
  const key = utils.parseKey(sshd.clientKeys.rsa);
  if (key instanceof Error) throw key;
  const privateKey = `ssh-rsa ${key.getPublicSSH().toString('base64')} me`;
  expect((await thrownBy(connectSsh(withKey(sshd, { port: 1, privateKey })))).message).toBe(
    '"Private Key" holds a public key: paste the private one, from the file without .pub.',
  );
});
