import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { fakeInterpreter } from '../support/fakeInterpreter';
import type { N8n } from '../support/n8n';
import { CREDENTIAL, credentialFor, HOT_DEPLOY, openN8n, ROLLBACK } from '../support/nodes';
import { makeKey, startSshd, type Sshd } from '../support/sshd';
import { createSystemUser, type SystemUser } from '../support/systemUser';

let sshd: Sshd;
let user: SystemUser;
let n8n: N8n;

beforeAll(async () => {
  user = createSystemUser();
  sshd = await startSshd({ password: true });
  n8n = await openN8n();
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
  user.remove();
});

const tested = (changes: ICredentialDataDecryptedObject = {}, nodeType = HOT_DEPLOY) =>
  n8n.testCredential(nodeType, CREDENTIAL, credentialFor(sshd, changes));

test.each([HOT_DEPLOY, ROLLBACK])('%s: a good credential says who and what answered', async (nodeType) => {
  expect(await tested({}, nodeType)).toEqual({
    status: 'OK',
    message: expect.stringMatching(
      new RegExp(
        `^Logged in to \\S+ \\(OpenSSH_\\d\\S*\\); operations run there as ${userInfo().username}, with this host’s Python 3\\.\\d+\\.\\d+ \\(an engine in a container has its own\\), and \\d+\\.\\d GiB are free on its root file system\\.$`,
      ),
    ),
  });
});

const WRONG = 'a-wrong-secret-0815';

test.each<[string, () => ICredentialDataDecryptedObject | Promise<ICredentialDataDecryptedObject>, RegExp]>([
  [
    'no host key is pinned',
    () => ({ hostKeyFingerprint: '' }),
    /"Host Key Fingerprint" is empty; .* put SHA256:\S+ there\./,
  ],
  [
    'another host key is pinned',
    () => ({ hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` }),
    /is pinned in "Host Key Fingerprint"; find out why/,
  ],
  [
    'the key is a stranger’s',
    async () => ({ privateKey: (await makeKey('ed25519')).privateKey }),
    /does not accept the private key for/,
  ],
  [
    'the key is damaged',
    () => ({ privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${WRONG}\n` }),
    /"?Private Key"? /,
  ],
  [
    'the password is wrong',
    () => ({ authentication: 'password', username: user.username, password: WRONG }),
    /does not accept the password for/,
  ],
  ['the password is empty', () => ({ authentication: 'password' }), /^"Password" is empty;/],
  ['the host is unknown', () => ({ host: 'engine.invalid' }), /^The host name "engine\.invalid"/],
  ['nothing listens', () => ({ port: 1 }), /^Nothing accepts connections at 127\.0\.0\.1:1;/],
  ['the port is none', () => ({ port: 0 }), /^"Port" is 0;/],
  ['the sudo password is empty', () => ({ become: 'sudoPassword' }), /^Sudo Password is empty\./],
  [
    'sudo refuses the password',
    () => ({
      authentication: 'password',
      username: user.username,
      password: user.password,
      become: 'sudoPassword',
      sudoPassword: WRONG,
    }),
    /^(sudo on .* refused the password|The user on .* may not use sudo for this)\./,
  ],
])('P7: says so, and shows no secret, when %s', async (_title, changes, message) => {
  const credential = await changes();
  const result = await tested(credential);
  expect(result.status).toBe('Error');
  expect(result.message).toMatch(message);
  expect(result.message).toMatch(/\.$/);
  expect(result.message).not.toMatch(/\n\s+at |Error:/);
  for (const secret of [WRONG, user.password, 'OPENSSH PRIVATE'])
    expect(result.message).not.toContain(secret);
});

describe('a host that has no Python itself, as hosts of containers may', () => {
  let bin: string;
  let bare: Sshd;

  beforeAll(async () => {
    bin = mkdtempSync(join(tmpdir(), 'hot-deploy-bin-'));
    chmodSync(bin, 0o755);
    // A shell, and sudo as it is with a PATH of its own, which would find the Python of the test's machine.
    symlinkSync('/bin/sh', join(bin, 'sh'));
    fakeInterpreter(join(bin, 'sudo'), 'echo "sudo: python3: command not found" >&2; exit 1');
    bare = await startSshd({ config: [`SetEnv PATH=${bin}`] });
  });

  afterAll(async () => {
    await bare.stop();
    rmSync(bin, { recursive: true });
  });

  const bareTested = (changes: ICredentialDataDecryptedObject = {}) =>
    n8n.testCredential(HOT_DEPLOY, CREDENTIAL, credentialFor(bare, { username: user.username, ...changes }));

  test.each(['none', 'sudo'])(
    'is a good one, and the test says what it lacks (Become: %s)',
    async (become) => {
      expect(await bareTested({ become })).toEqual({
        status: 'OK',
        message: `Logged in to 127.0.0.1 as ${user.username}. It has no python3 itself, which only engines outside of containers need.`,
      });
    },
  );

  test('is none when what comes before Python is not there, or Python is and can’t be started', async () => {
    rmSync(join(bin, 'sudo'));
    expect(await bareTested({ become: 'sudo' })).toMatchObject({ status: 'Error' });
    fakeInterpreter(
      join(bin, 'python3'),
      'echo "python3: libpython3.so: No such file or directory" >&2; exit 127',
    );
    expect(await bareTested()).toMatchObject({ status: 'Error' });
  });
});

test('no connection is left open', async () => {
  const from = sshd.log().length;
  await tested();
  expect(await sshd.logged(/Disconnected from user/, from)).toContain('Accepted publickey');
});
