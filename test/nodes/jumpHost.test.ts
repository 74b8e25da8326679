import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { idleTimeoutOf, sshOptions } from '../../nodes/n8n/sshOptions';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain } from '../support/n8n';
import { CREDENTIAL, credentialFor, HOT_DEPLOY, hotDeploy, onlyJson, openN8n } from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let target: Sshd;
let gate: Sshd;

beforeAll(async () => {
  target = await startSshd();
  gate = await startSshd();
});

afterAll(async () => {
  await target.stop();
  await gate.stop();
});

/** A credential that reaches `target` through `gate`, with the same user and key for both. */
const jumping = (changes: ICredentialDataDecryptedObject = {}) =>
  credentialFor(target, {
    route: 'jumpHost',
    jumpHost: gate.host,
    jumpPort: gate.port,
    jumpHostKeyFingerprint: gate.fingerprint,
    ...changes,
  });

test('a whole deployment goes through the jump host, over one connection to each', async () => {
  const [from, fromGate] = [target.log().length, gate.log().length];
  const n8n = await openN8n(jumping());
  const [sourceDirectory] = await engineVersions(make, 'v2');
  const basePath = await make('app');
  const json = onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory }))));
  await n8n.close();
  expect(json).toMatchObject({ status: 'deployed', host: target.host });
  for (const log of [target.log().slice(from), gate.log().slice(fromGate)]) {
    expect(log.match(/Accepted publickey/g)).toHaveLength(1);
  }
});

test('P7: the credential’s test refuses a jump host that nobody vouches for', async () => {
  const n8n = await openN8n();
  const fingerprint = `SHA256:${'A'.repeat(43)}`;
  const from = target.log().length;
  const refused = await n8n.testCredential(
    HOT_DEPLOY,
    CREDENTIAL,
    jumping({ jumpHostKeyFingerprint: fingerprint }),
  );
  expect(refused).toMatchObject({
    status: 'Error',
    message: expect.stringContaining('is pinned in "Jump Host Key Fingerprint"; find out why'),
  });
  expect(target.log().slice(from)).toBe('');
  expect(await n8n.testCredential(HOT_DEPLOY, CREDENTIAL, jumping())).toMatchObject({ status: 'OK' });
  await n8n.close();
});

describe('the fields', () => {
  const host = { host: 'a', port: 22, username: 'u', authentication: 'password', password: 'p' };

  test('without a route nothing goes anywhere else, whatever the hidden fields hold', () => {
    expect(sshOptions({ ...host, jumpHost: 'b' }).jump).toBeUndefined();
    expect(sshOptions({ ...host, route: 'direct', jumpHost: 'b' }).jump).toBeUndefined();
    expect(() => sshOptions({ ...host, route: 'other' })).toThrow(/^Route is "other"\. Choose one of/);
  });

  test('the same login, or one of its own', () => {
    const through = { ...host, route: 'jumpHost', jumpHost: ' b ', jumpPort: 2222 };
    expect(sshOptions({ ...through, jumpHostKeyFingerprint: 'f' }, 'c')).toMatchObject({
      host: 'c',
      jump: {
        host: 'b',
        port: 2222,
        username: 'u',
        authentication: 'password',
        password: 'p',
        hostKeyFingerprint: 'f',
      },
    });
    const own = { jumpAuthentication: 'privateKey', jumpPrivateKey: 'k', jumpUsername: 'v' };
    const { jump } = sshOptions({ ...through, ...own });
    expect(jump).toMatchObject({ username: 'v', authentication: 'privateKey', privateKey: 'k' });
    expect(jump).not.toHaveProperty('password');
  });

  test('the times are seconds, and have least values', () => {
    expect(sshOptions({ ...host }).connectTimeoutMs).toBe(20_000);
    expect(sshOptions({ ...host, connectTimeoutSeconds: 3 }).connectTimeoutMs).toBe(3_000);
    expect(idleTimeoutOf({})).toBe(120_000);
    expect(() => idleTimeoutOf({ idleTimeoutSeconds: 1 })).toThrow('20 or more');
  });
});
