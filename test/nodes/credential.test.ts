import { userInfo } from 'node:os';

import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

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
        `^Logged in to \\S+; the engine’s user is ${userInfo().username}, with Python 3\\.\\d+\\.\\d+\\.$`,
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

test('says so when there is no Python on the host', async () => {
  const bare = await startSshd({ config: ['SetEnv PATH=/nowhere'] });
  const result = await n8n.testCredential(HOT_DEPLOY, CREDENTIAL, credentialFor(bare));
  await bare.stop();
  expect(result.message).toMatch(/^python3 can't be started on \S+\. Install Python 3\.8 or newer there/);
});

test('no connection is left open', async () => {
  const from = sshd.log().length;
  await tested();
  expect(await sshd.logged(/Disconnected from user/, from)).toContain('Accepted publickey');
});
