import type { AddressInfo } from 'node:net';
import { Server } from 'ssh2';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { Offers } from '../../../nodes/shared/connection/sshAlgorithms';
import { DEBUG_LOG, makeKey, startSshd, type SshdOptions } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

/** What becomes of a login at a server that offers only this. */
async function refusal(config: string[], key: 'ed25519' | 'rsa' = 'ed25519', options: SshdOptions = {}) {
  const sshd = await startSshd({ ...options, config: [DEBUG_LOG, ...config] });
  try {
    const privateKey = sshd.clientKeys[key];
    const hostKeyFingerprint = Object.values(sshd.fingerprints).join('\n');
    const thrown = await thrownBy(connectSsh(withKey(sshd, { privateKey, hostKeyFingerprint })));
    return { thrown, log: sshd.log() };
  } finally {
    await sshd.stop();
  }
}

test.each([
  ['KexAlgorithms', 'diffie-hellman-group1-sha1', 'key exchange methods', 'curve25519-sha256'],
  ['KexAlgorithms', 'diffie-hellman-group14-sha1', 'key exchange methods', 'curve25519-sha256'],
  ['KexAlgorithms', 'diffie-hellman-group-exchange-sha1', 'key exchange methods', 'curve25519-sha256'],
  ['Ciphers', 'aes256-cbc,aes128-cbc', 'ciphers', 'aes256-gcm@openssh.com'],
  ['Ciphers', '3des-cbc', 'ciphers', 'aes256-gcm@openssh.com'],
  ['HostKeyAlgorithms', 'ssh-rsa', 'kinds of host key signatures', 'ssh-ed25519'],
  ['MACs', 'hmac-sha1', 'message authentication codes', 'hmac-sha2-256'],
  ['MACs', 'hmac-sha1-etm@openssh.com', 'message authentication codes', 'hmac-sha2-256'],
  ['MACs', 'hmac-md5', 'message authentication codes', 'hmac-sha2-256'],
])(
  'P7: a host that offers only %s %s is refused before the login',
  async (keyword, offer, subject, wanted) => {
    // Ciphers that authenticate by themselves need no MAC.
    const ciphers = keyword === 'MACs' ? ['Ciphers aes256-ctr'] : [];
    const { thrown, log } = await refusal([`${keyword} ${offer}`, ...ciphers]);
    expect(thrown.code).toBe('CONNECTION');
    const [, shown] = /^127\.0\.0\.1:\d+ (offers no .*) No login was tried\.$/.exec(thrown.message) ?? [];
    expect(shown).toMatch(
      new RegExp(
        `^offers no ${subject} that are accepted here: ${offer}; let its sshd offer ${wanted}, for example, or update it\\.$`,
      ),
    );
    expect(log).not.toMatch(/userauth-request|Accepted|user root/);
  },
);

/** Keeps ssh2's server from naming signature algorithms, for which it has no option: its key exchange finds it unasked. */
function nameNoAlgorithms(client: unknown): void {
  const { _protocol: protocol } = client as { _protocol: object };
  let exchange: unknown;
  Object.defineProperty(protocol, '_kex', {
    get: () => exchange,
    set: (value: unknown) => {
      exchange = value;
      if (value instanceof Object) {
        Object.defineProperty(value, 'remoteExtInfoEnabled', { get: () => false, set: () => undefined });
      }
    },
  });
}

/** A server of ssh2's own that names no signature algorithms, as those do that know nothing but SHA-1. */
async function startOldServer(hostKey: string): Promise<{ port: number; methods: string[]; server: Server }> {
  const methods: string[] = [];
  const server = new Server({ hostKeys: [hostKey], ident: 'Old_1.0' }, (client) => {
    nameNoAlgorithms(client);
    client.on('error', () => undefined);
    client.on('authentication', (request) => {
      methods.push(request.method === 'publickey' && request.signature ? 'signature' : request.method);
      request.accept();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { port: (server.address() as AddressInfo).port, methods, server };
}

test('P7: an RSA key signs nothing with SHA-1, and the message says what helps', async () => {
  const [host, rsa] = [await makeKey('ed25519'), await makeKey('rsa')];
  const { port, methods, server } = await startOldServer(host.privateKey);
  const options = { host: '127.0.0.1', port, username: 'app', hostKeyFingerprint: host.fingerprint };
  const thrown = await thrownBy(
    connectSsh({ ...options, authentication: 'privateKey', privateKey: rsa.privateKey }),
  );
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(thrown).toMatchObject({
    code: 'CONNECTION',
    message: expect.stringContaining(
      'takes RSA keys only with SHA-1 signatures, which are not made here; use an ed25519 key in "Private Key"',
    ),
  });
  expect(methods).not.toContain('signature');
});

test('P7: a real sshd that accepts but SHA-1 gets no login', async () => {
  const { thrown, log } = await refusal(['PubkeyAcceptedAlgorithms ssh-rsa'], 'rsa');
  expect(thrown.code).toBe('CONNECTION');
  expect(log).not.toContain('Accepted publickey');
});

test('P7: the same RSA key logs in where SHA-2 is accepted', async () => {
  const sshd = await startSshd({ config: [DEBUG_LOG] });
  const connection = await connectSsh(withKey(sshd, { privateKey: sshd.clientKeys.rsa }));
  await connection.close();
  await sshd.stop();
  expect(sshd.log()).toMatch(/Accepted publickey .* RSA/);
});

test('P7: what a host offers is kept within bounds, and what it is about is found', () => {
  const offers = new Offers();
  for (let count = 0; count < 1000; count++) {
    offers.note(`Handshake: (remote) C->S cipher: ${'x,'.repeat(100_000)}`);
    offers.note(`Inbound: something else ${'x'.repeat(1000)}`);
  }
  expect(JSON.stringify(offers).length).toBeLessThan(10_000);
  expect(offers.explain('Handshake failed: no matching C->S cipher')?.offered).toMatch(/^x,x,/);
  expect(offers.explain('Handshake failed: no matching S->C MAC')?.offered).toBe('');
  expect(offers.explain('Keepalive timeout')).toBeUndefined();
});
