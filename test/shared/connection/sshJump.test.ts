import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { connectSsh, type SshOptions } from '../../../nodes/shared/connection/ssh';
import type { Connection } from '../../../nodes/shared/connection/connection';
import { DEBUG_LOG, makeKey, startRelay, startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';

const NOBODY = `SHA256:${'A'.repeat(43)}`;

let target: Sshd;
let gate: Sshd;
let user: SystemUser;

beforeAll(async () => {
  user = createSystemUser();
  target = await startSshd({ config: [DEBUG_LOG] });
  gate = await startSshd({ config: [DEBUG_LOG], password: true });
});

afterAll(async () => {
  await target.stop();
  await gate.stop();
  user.remove();
});

/** Through `gate` to `target`, with the same key for both, except for changes. */
function through(jump: Partial<SshOptions> = {}, changes: Partial<SshOptions> = {}): SshOptions {
  return { ...withKey(target, changes), jump: withKey(gate, jump) };
}

async function said(connection: Connection, ...argv: string[]): Promise<string> {
  const channel = await connection.start(argv);
  channel.stderr.resume();
  const output = await text(channel.stdout);
  expect(await channel.exit).toEqual({ code: 0, signal: null });
  return output;
}

/** What both servers log from now on. */
function logs(): { gate(): string; target(): string } {
  const [atGate, atTarget] = [gate.log().length, target.log().length];
  return { gate: () => gate.log().slice(atGate), target: () => target.log().slice(atTarget) };
}

const MIB = 1024 * 1024;

test('a host is reached through a jump host, and both are left at the end', async () => {
  const log = logs();
  const [fromGate, fromTarget] = [gate.log().length, target.log().length];
  const connection = await connectSsh(through());
  expect(connection).toMatchObject({
    description: `${target.username}@127.0.0.1:${target.port}`,
    host: '127.0.0.1',
  });
  expect(await said(connection, 'echo', 'hello there')).toBe('hello there\n');
  const large = await connection.start(['wc', '-c']);
  large.stdin.end(Buffer.alloc(5 * MIB));
  large.stderr.resume();
  expect(await text(large.stdout)).toBe(`${5 * MIB}\n`);
  await connection.close();
  await gate.logged(/Disconnected from user/, fromGate);
  await target.logged(/Disconnected from user/, fromTarget);
  expect(log.gate()).toContain('direct-tcpip');
  expect(log.gate()).not.toMatch(/Starting session|hello there/);
});

describe('P7: the jump host’s key is checked before any login', () => {
  test.each([
    ['', 'and "Jump Host Key Fingerprint" is empty'],
    [NOBODY, `but ${NOBODY} is pinned in "Jump Host Key Fingerprint"; find out why before changing it.`],
  ])('pinned as %j', async (hostKeyFingerprint, sentence) => {
    const log = logs();
    const thrown = await thrownBy(connectSsh(through({ hostKeyFingerprint })));
    expect(thrown).toMatchObject({ code: 'CONNECTION', details: { jump: true } });
    expect(thrown.message).toContain(
      `127.0.0.1:${gate.port} presented the host key ${gate.fingerprints.ed25519}`,
    );
    expect(thrown.message).toContain(sentence);
    expect(thrown.description).toContain('No login was tried.');
    expect(log.gate()).not.toMatch(/userauth-request|Accepted/);
    // What ended before may still be written about.
    expect(log.target()).not.toContain('Connection from');
  });

  test('the target’s pin is none for the jump host, nor the other way round', async () => {
    // Both servers of a test file have the same host keys: known_hosts lines tell them apart by their port.
    const jump = { hostKeyFingerprint: target.knownHosts };
    expect((await thrownBy(connectSsh(through(jump)))).message).toContain(
      `"Jump Host Key Fingerprint" has no key for [127.0.0.1]:${gate.port}`,
    );
    const log = logs();
    const wrong = { hostKeyFingerprint: gate.knownHosts };
    expect((await thrownBy(connectSsh(through({}, wrong)))).message).toContain(
      `"Host Key Fingerprint" has no key for [127.0.0.1]:${target.port}`,
    );
    expect(log.target()).not.toMatch(/userauth-request|Accepted/);
    const right = await connectSsh(
      through({ hostKeyFingerprint: gate.knownHosts }, { hostKeyFingerprint: target.knownHosts }),
    );
    await right.close();
  });
});

test('P7: the host behind the jump host is refused when its key is another, and the jump host is left', async () => {
  const from = gate.log().length;
  const log = logs();
  const thrown = await thrownBy(connectSsh(through({}, { hostKeyFingerprint: NOBODY })));
  expect(thrown.message).toContain(`is pinned in "Host Key Fingerprint"`);
  await gate.logged(/Disconnected from user|Connection (closed|reset)/, from);
  expect(log.target()).not.toMatch(/userauth-request|Accepted/);
});

describe('logins of its own', () => {
  test('another user, by a key with a passphrase', async () => {
    const key = await makeKey('ed25519', { passphrase: 'for the gate' });
    await gate.authorize(key.publicKey);
    const from = gate.log().length;
    const jump = { username: user.username, privateKey: key.privateKey, passphrase: 'for the gate' };
    const connection = await connectSsh(through(jump));
    expect(await said(connection, 'id', '-un')).toBe(`${target.username}\n`);
    await connection.close();
    expect(gate.log().slice(from)).toContain(`Accepted publickey for ${user.username}`);
  });

  test('a password', async () => {
    const jump: Partial<SshOptions> = {
      username: user.username,
      authentication: 'password',
      password: user.password,
    };
    const connection = await connectSsh(through(jump));
    await connection.close();
  });

  test.each<[Partial<SshOptions>, RegExp]>([
    [{ host: ' ' }, /^"Jump Host" is empty;/],
    [{ username: '' }, /^"Jump Username" is empty;/],
    [{ port: 0 }, /^"Jump Port" is 0;/],
    [{ privateKey: '' }, /^"Jump Private Key" is empty/],
    [{ authentication: 'password' }, /^"Jump Password" is empty;/],
    [{ hostKeyFingerprint: 'nonsense' }, /in "Jump Host Key Fingerprint" is neither/],
    [{ port: 1 }, /^Nothing accepts connections at 127\.0\.0\.1:1; check "Jump Host" and "Jump Port"/],
  ])('what is wrong is said of the jump host’s field: %j', async (jump, message) => {
    const log = logs();
    expect((await thrownBy(connectSsh(through(jump)))).message).toMatch(message);
    expect(log.target()).not.toContain('Connection from');
  });

  test('a key that the jump host does not know', async () => {
    const { privateKey } = await makeKey('ed25519');
    expect((await thrownBy(connectSsh(through({ privateKey })))).message).toMatch(
      /does not accept the private key .* correct "Jump Username" or "Jump Private Key"\.$/,
    );
  });
});

describe('a jump host that leads nowhere', () => {
  test('forwarding is not allowed there', async () => {
    const strict = await startSshd({ config: ['AllowTcpForwarding no'] });
    const thrown = await thrownBy(connectSsh({ ...withKey(target), jump: withKey(strict) }));
    await strict.stop();
    expect(thrown).toMatchObject({
      code: 'CONNECTION',
      message: `The jump host 127.0.0.1:${strict.port} does not let "${strict.username}" through to 127.0.0.1:${target.port}; allow it in its sshd_config (AllowTcpForwarding, PermitOpen) or for its key in authorized_keys (port-forwarding, permitopen).`,
    });
  });

  test('nothing listens behind it', async () => {
    const thrown = await thrownBy(connectSsh(through({}, { port: 1 })));
    expect(thrown.code).toBe('CONNECTION');
    expect(thrown.message).toMatch(
      new RegExp(
        `^The jump host 127\\.0\\.0\\.1:${gate.port} can't reach 127\\.0\\.0\\.1:1 \\(.*refused\\); `,
      ),
    );
  });

  test('what answers behind it stays silent: the time limit counts, and nothing is left open', async () => {
    const closed: Array<Promise<unknown>> = [];
    const silent = createServer((socket) => {
      closed.push(once(socket, 'close'));
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const from = gate.log().length;
    const thrown = await thrownBy(connectSsh(through({}, { port, connectTimeoutMs: 2_000 })));
    expect(thrown.message).toContain(`127.0.0.1:${port} accepted the connection but did not complete`);
    await gate.logged(/Disconnected from user|Connection (closed|reset)/, from);
    await Promise.all(closed);
    silent.close();
  });

  test('P8: cancelled while the second login goes on', async () => {
    const abort = new AbortController();
    const silent = createServer((socket) => {
      socket.resume();
      abort.abort();
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const from = gate.log().length;
    const thrown = await thrownBy(connectSsh(through({}, { port, signal: abort.signal })));
    expect(thrown.code).toBe('CANCELLED');
    await gate.logged(/Disconnected from user|Connection (closed|reset)/, from);
    silent.close();
  });
});

test('P5: the way to the jump host is cut: the exit is unknown, and the next command says so', async () => {
  const relay = await startRelay(gate.port);
  const connection = await connectSsh(through({ port: relay.port }));
  const channel = await connection.start(['sleep', '20']);
  channel.stdout.resume();
  channel.stderr.resume();
  relay.cut();
  expect(await channel.exit).toEqual({ code: null, signal: null });
  expect((await thrownBy(connection.start(['true']))).code).toBe('LOST');
  await connection.close();
  await relay.close();
});

test('closing takes no longer than 2 s when the jump host fell silent', async () => {
  const relay = await startRelay(gate.port);
  const connection = await connectSsh(through({ port: relay.port }));
  relay.freeze();
  const began = performance.now();
  await connection.close();
  expect(performance.now() - began).toBeLessThan(3_000);
  await relay.close();
});
