import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { DEBUG_LOG, makeKey, startSshd, type KeyName, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd({ config: [DEBUG_LOG] });
});

afterAll(() => sshd.stop());

const connect = (hostKeyFingerprint: string) => connectSsh(withKey(sshd, { hostKeyFingerprint }));

/** What sshd logs about the attempt, once it has logged its end; starts where `attempt` started. */
async function logOf(attempt: () => Promise<unknown>): Promise<string> {
  const before = sshd.log().length;
  await attempt();
  const ended = /Connection (?:closed|reset) by|Disconnected from|Unable to negotiate/;
  return sshd.logged(ended, before);
}

const accepted = async (pins: string): Promise<void> => (await connect(pins)).close();

it('P7: a host whose key is not pinned is refused before any login, showing the key and where it goes', async () => {
  let message = '';
  const log = await logOf(async () => {
    const thrown = await thrownBy(connect(''));
    message = thrown.message;
    expect(thrown).toMatchObject({
      code: 'CONNECTION',
      description:
        'On the host itself, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints the fingerprint it should have. No login was tried.',
      details: { presented: sshd.fingerprint, type: 'ssh-ed25519', pinned: [] },
    });
  });
  expect(message).toBe(
    `127.0.0.1:${sshd.port} presented the host key ${sshd.fingerprint} (ssh-ed25519) and "Host Key Fingerprint" is empty; if the host itself shows the same, put ${sshd.fingerprint} there.`,
  );
  expect(log).toContain('Connection from 127.0.0.1');
  expect(log).not.toContain('userauth');
});

it('P7: the log that shows no login here does show one when the key is pinned', async () => {
  expect(await logOf(() => accepted(sshd.fingerprint))).toContain('userauth-request for');
});

it('P7: a changed key is refused before any login, showing both fingerprints', async () => {
  const other = await makeKey('ed25519');
  const log = await logOf(async () => {
    const thrown = await thrownBy(connect(other.fingerprint));
    expect(thrown.code).toBe('CONNECTION');
    expect(thrown.message).toBe(
      `127.0.0.1:${sshd.port} presented the host key ${sshd.fingerprint} (ssh-ed25519) but ${other.fingerprint} is pinned in "Host Key Fingerprint"; find out why before changing it.`,
    );
    expect(thrown.details).toMatchObject({ presented: sshd.fingerprint, pinned: [other.fingerprint] });
  });
  expect(log).not.toContain('userauth');
});

it('P7: a revoked key is refused before any login, even when it is pinned as well', async () => {
  const [, key] = sshd.knownHosts.split(/ (.*)/);
  const log = await logOf(async () => {
    expect((await thrownBy(connect(`${sshd.fingerprint}\n@revoked * ${key}`))).message).toBe(
      `127.0.0.1:${sshd.port} presented the host key ${sshd.fingerprint} (ssh-ed25519), which "Host Key Fingerprint" marks as @revoked; give the host a new key.`,
    );
  });
  expect(log).not.toContain('userauth');
});

it('P7: lines about other hosts pin nothing', async () => {
  const other = sshd.knownHosts.replace(/^\S+/, 'other.example');
  expect((await thrownBy(connect(other))).message).toContain(
    `"Host Key Fingerprint" has no key for [127.0.0.1]:${sshd.port};`,
  );
});

it.each<KeyName>(['ed25519', 'ecdsa', 'rsa'])(
  'P7: a known_hosts line pins the %s key, and the host is asked for that one',
  async (type) => {
    await accepted(sshd.knownHostsLines[type]);
    const log = await logOf(() => accepted(sshd.knownHostsLines[type]));
    const negotiated = { ed25519: 'ssh-ed25519', ecdsa: 'ecdsa-sha2-nistp256', rsa: 'rsa-sha2-512' };
    expect(log).toContain(`kex: host key algorithm: ${negotiated[type]}`);
  },
);

it('P7: what ssh-keyscan and ssh-keygen print can be pasted as it is', async () => {
  const scan = execFileSync('ssh-keyscan', ['-p', `${sshd.port}`, '127.0.0.1'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await accepted(scan);
  const printed = execFileSync('ssh-keygen', ['-lf', '-'], { input: scan, encoding: 'utf8' });
  expect(printed.trim().split('\n')).toHaveLength(3);
  await accepted(printed);
  const rsa = printed.split('\n').filter((line) => line.endsWith('(RSA)'));
  await accepted(rsa.join('\n'));
});

it('P7: a hashed known_hosts file can be pasted as it is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-known-'));
  try {
    const file = join(directory, 'known_hosts');
    writeFileSync(file, `${sshd.knownHosts}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    await accepted(readFileSync(file, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('P7: text that pins nothing readable is refused before the host is contacted', async () => {
  const before = sshd.log().length;
  expect(await thrownBy(connect('yes'))).toMatchObject({ code: 'INPUT' });
  expect(sshd.log().slice(before)).not.toContain('Connection from');
});
