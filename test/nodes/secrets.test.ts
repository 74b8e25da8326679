import { execFileSync, spawnSync } from 'node:child_process';
import { inspect } from 'node:util';

import type { ICredentialDataDecryptedObject, IDataObject } from 'n8n-workflow';

import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { chain, type RunResult } from '../support/n8n';
import {
  ACCOUNT,
  checks,
  CREDENTIAL,
  credentialFor,
  HOT_DEPLOY,
  hotDeploy,
  openN8n,
  ROLLBACK,
} from '../support/nodes';
import { makeKey, startSshd, type Sshd } from '../support/sshd';
import { createSystemUser, type SystemUser } from '../support/systemUser';

const PASSPHRASE = 'passphrase-secret-4711';
const SUDO_PASSWORD = 'sudo-secret-4711';
const WRONG_PASSWORD = 'wrong-secret-4711';
const TOKEN = 'check-secret-4711';

/** Yields {@link TOKEN} without a parameter that holds it: parameters are the workflow's own, and no secret. */
const ENVIRONMENT = '={{ "TOKEN=" + ["check", "secret", "4711"].join("-") }}';
const usesToken = (code: string) => ({ type: 'python', name: 'token', code, environment: ENVIRONMENT });
const USED = usesToken('import os\nassert len(os.environ["TOKEN"]) == 17\nprint(os.environ)');
const FAILING = usesToken('import os\nassert os.environ["TOKEN"] == "", os.environ');

const make = temporaryDirectories();
let sshd: Sshd;
let user: SystemUser;
let privateKey: string;
let v2: string;

beforeAll(async () => {
  user = createSystemUser();
  sshd = await startSshd({ password: true });
  const key = await makeKey('ed25519', { passphrase: PASSPHRASE });
  await sshd.authorize(key.publicKey);
  privateKey = key.privateKey;
  [v2] = await engineVersions(make, 'v2');
});

afterAll(async () => {
  await sshd.stop();
  user.remove();
});

/** Nothing that n8n keeps or shows of what `work` does may hold a secret. */
async function expectNoSecrets(
  credential: ICredentialDataDecryptedObject,
  work: (n8n: Awaited<ReturnType<typeof openN8n>>) => Promise<unknown>,
): Promise<void> {
  const seen: unknown[] = [];
  const n8n = await openN8n(credential, {
    onConsole: (message) => seen.push(message),
    onLog: (...logged) => seen.push(logged),
  });
  seen.push(await work(n8n).catch((error: unknown) => error));
  await n8n.close();
  const text = inspect(seen, { depth: 30, maxArrayLength: null, maxStringLength: null, showHidden: true });
  expect(text.length).toBeGreaterThan(500);
  const keyLines = privateKey.split('\n').slice(1, -2);
  const secrets = [PASSPHRASE, SUDO_PASSWORD, WRONG_PASSWORD, TOKEN, user.password, ...keyLines];
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(5);
    expect(text).not.toContain(secret);
  }
}

/** A login by key, with every field of the credential that may hold a secret filled in. */
const byKey = (changes: ICredentialDataDecryptedObject = {}) =>
  credentialFor(sshd, {
    privateKey,
    passphrase: PASSPHRASE,
    become: 'sudoPassword',
    sudoPassword: SUDO_PASSWORD,
    ...changes,
  });

const byPassword = (changes: ICredentialDataDecryptedObject = {}) =>
  credentialFor(sshd, {
    authentication: 'password',
    privateKey: '',
    username: user.username,
    password: user.password,
    ...changes,
  });

/** Deploys, and checks that it ended as expected: with `message`, or well. */
const deploying =
  (message: RegExp | undefined, parameters: IDataObject = {}, mode: 'manual' | 'trigger' = 'manual') =>
  async (n8n: Awaited<ReturnType<typeof openN8n>>): Promise<RunResult> => {
    const basePath = await make('app');
    execFileSync('chown', [user.username, basePath]);
    const node = hotDeploy({ basePath, sourceDirectory: v2, checks: checks(USED), ...parameters });
    const result = await n8n.run(chain(node), { mode });
    expect(result.error('Hot Deploy')?.message ?? 'well').toMatch(message ?? /^well$/);
    // 1: grep has read everything and found nothing.
    expect(spawnSync('grep', ['-r', '-e', 'secret-4711', '-e', user.password, basePath]).status).toBe(1);
    return result;
  };

test.each(['manual', 'trigger'] as const)(
  'P7: a deployment that goes live shows no secret in a %s run',
  async (mode) => {
    await expectNoSecrets(byKey(), deploying(undefined, {}, mode));
    await expectNoSecrets(
      byPassword(),
      deploying(undefined, { options: { python: '/usr/bin/python3' } }, mode),
    );
  },
);

test.each<[string, () => ICredentialDataDecryptedObject, RegExp, IDataObject]>([
  ['a check does not pass', () => byKey(), /^Check “token” did not pass/, { checks: checks(FAILING) }],
  ['the passphrase is wrong', () => byKey({ passphrase: WRONG_PASSWORD }), /Passphrase/, {}],
  ['the key is cut off', () => byKey({ privateKey: privateKey.slice(0, 200) }), /Private Key/, {}],
  [
    'the password is wrong',
    () => byPassword({ password: WRONG_PASSWORD }),
    /does not accept the password/,
    {},
  ],
  [
    'the host key is another',
    () => byPassword({ hostKeyFingerprint: 'SHA256:' + 'A'.repeat(43) }),
    /pinned/,
    {},
  ],
  [
    'the interpreter is missing',
    () => byKey(),
    /can't be started|not found/,
    { options: { python: 'python9' } },
  ],
  [
    'the directory may not be written',
    () => byPassword(),
    /may not write|ermission denied/,
    { basePath: '/usr/app', options: { python: '/usr/bin/python3' } },
  ],
])('P7: no secret is shown when %s', async (_title, credential, message, parameters) => {
  await expectNoSecrets(credential(), deploying(message, parameters));
});

test('P7: credential tests and lists show no secret', async () => {
  await expectNoSecrets(byPassword(), async (n8n) => [
    await n8n.testCredential(HOT_DEPLOY, CREDENTIAL, byKey()),
    await n8n.testCredential(HOT_DEPLOY, CREDENTIAL, byKey({ passphrase: WRONG_PASSWORD })),
    await n8n.testCredential(HOT_DEPLOY, CREDENTIAL, byPassword({ password: WRONG_PASSWORD })),
    await n8n
      .listSearch(ROLLBACK, 'searchReleases', {
        parameters: { basePath: '/nowhere', connection: 'ssh', options: { python: PYTHON } },
        credentials: ACCOUNT,
      })
      .catch((error: unknown) => error),
  ]);
});
