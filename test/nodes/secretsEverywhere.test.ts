import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import type { IDataObject } from 'n8n-workflow';

import { HotDeployEngineSecretsApi } from '../../credentials/HotDeployEngineSecretsApi.credentials';
import { HotDeployPackageIndexApi } from '../../credentials/HotDeployPackageIndexApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type NodeFixture } from '../support/n8n';
import {
  ACCOUNT,
  checks,
  CREDENTIAL,
  credentialFor,
  hotDeploy,
  openN8n,
  rollback,
  runEngine,
} from '../support/nodes';
import { type PackageIndex, startPackageIndex } from '../support/packageIndex';
import { type Watched, watchProcesses } from '../support/processWatch';
import { DEBUG_LOG, makeKey, startSshd, type Sshd } from '../support/sshd';
import { allowSudo } from '../support/sudoRules';
import { createSystemUser, type SystemUser } from '../support/systemUser';
import { writeKeywords } from '../support/wheels';

// The places that it looks through may hold a lot that is none of ours.
jest.setTimeout(400_000);
const make = temporaryDirectories();
const INDEX = 'hotDeployPackageIndexApi';
const ENGINE_SECRETS = 'hotDeployEngineSecretsApi';
/** Made here, so that no file of the tests, nor what is compiled of it, holds them. */
const made = (purpose: string) => `${purpose}-${randomBytes(12).toString('hex')}`;
const PASSPHRASE = made('passphrase');
const INDEX_PASSWORD = made('index');
const TOKEN = made('token');
const ENGINE_KEY = made('engine');

let engine: Sshd;
let gate: Sshd;
let user: SystemUser;
let jumper: SystemUser;
let index: PackageIndex;
let privateKey: string;
let source: string;
let home: string;
let secrets: Record<string, string>;
const cleanUp: Array<() => void> = [];

beforeAll(async () => {
  [user, jumper] = [createSystemUser(), createSystemUser()];
  cleanUp.push(
    () => user.remove(),
    () => jumper.remove(),
  );
  cleanUp.push(allowSudo(user.username, 'ALL=(ALL) ALL'));
  home = await make('home');
  chmodSync(home, 0o755);
  // What programs keep for themselves goes where it is looked for afterwards.
  engine = await startSshd({ config: [DEBUG_LOG] });
  gate = await startSshd({ config: [DEBUG_LOG], password: true });
  const key = await makeKey('ed25519', { passphrase: PASSPHRASE });
  await engine.authorize(key.publicKey);
  privateKey = key.privateKey;
  const wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
  index = await startPackageIndex(wheelhouse, { username: 'n8n', password: INDEX_PASSWORD });
  [source] = await engineVersions(make, 'base');
  await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
  secrets = {
    'the passphrase': PASSPHRASE,
    'the sudo password': user.password,
    'the jump password': jumper.password,
    'the index’s password': INDEX_PASSWORD,
    'the index’s login as HTTP sends it': Buffer.from(`n8n:${INDEX_PASSWORD}`).toString('base64'),
    'the check’s token': TOKEN,
    'the engine’s key': ENGINE_KEY,
    'a line of the key': privateKey.split('\n')[2],
  };
});

afterAll(async () => {
  await Promise.all([engine.stop(), gate.stop(), index.close()]);
  for (const undo of cleanUp.reverse()) undo();
});

const open = (seen: unknown[], indexPassword: string, pass: string) =>
  openN8n(
    {},
    {
      credentialTypes: [
        new HotDeploySshApi(),
        new HotDeployPackageIndexApi(),
        new HotDeployEngineSecretsApi(),
      ],
      credentials: {
        [CREDENTIAL]: credentialFor(engine, {
          username: user.username,
          privateKey,
          passphrase: PASSPHRASE,
          become: 'sudoPassword',
          sudoPassword: user.password,
          route: 'jumpHost',
          jumpHost: gate.host,
          jumpPort: gate.port,
          jumpUsername: jumper.username,
          jumpAuthentication: 'password',
          jumpPassword: jumper.password,
          jumpHostKeyFingerprint: gate.fingerprint,
        }),
        [ENGINE_SECRETS]: { secretVariables: `API_KEY=${ENGINE_KEY}`, pass },
        [INDEX]: { indexUrl: index.url, username: 'n8n', password: indexPassword },
      },
      onConsole: (message) => seen.push(message),
      onLog: (...logged) => seen.push(logged),
    },
  );

/** Parameters are the workflow's own, and no secret: this one is put together from what the item before brings. */
const ENVIRONMENT = '={{ "TOKEN=" + $json.parts.join("-") }}';
const ITEM = { type: 'test.items', parameters: { items: [{ json: { parts: TOKEN.split('-') } }] } };
const USES = {
  type: 'python',
  name: 'token',
  environment: ENVIRONMENT,
  code: `import os, time\nassert len(os.environ["TOKEN"]) == ${TOKEN.length}\nprint(dict(os.environ))\ntime.sleep(0.3)`,
};

function deployment(basePath: string, changes: IDataObject = {}): NodeFixture {
  const parameters = {
    basePath,
    sourceDirectory: source,
    checks: checks(USES),
    dependencies: 'virtualEnvironment',
    packageIndex: 'credential',
    options: { python: '/usr/bin/python3' },
    ...changes,
  };
  return { ...hotDeploy(parameters), credentials: { ...ACCOUNT, [INDEX]: { id: '2', name: 'Packages' } } };
}

/** Runs nodes under watch, and looks for the secrets wherever they could have got to. */
async function expectNoSecrets(
  basePath: string,
  node: NodeFixture,
  ends: RegExp,
  indexPassword = INDEX_PASSWORD,
  pass = 'environment',
): Promise<Watched> {
  const seen: unknown[] = [];
  const n8n = await open(seen, indexPassword, pass);
  const wanted = { ...secrets, 'the password given': indexPassword };
  const mark = markNow();
  const items = { name: 'Items', ...ITEM } as NodeFixture;
  const [result, watched] = await watchProcesses(Object.values(wanted), () => n8n.run(chain(items, node)));
  await n8n.close();
  expect(result.error(node.name)?.message ?? 'well').toMatch(ends);
  const everything = result.tasks(node.name);
  seen.push(everything, result.hints(node.name), result.error(node.name), engine.log(), gate.log());
  const text = inspect(seen, { depth: 30, maxArrayLength: null, maxStringLength: null, showHidden: true });
  expect(text.length).toBeGreaterThan(5_000);
  for (const [name, secret] of Object.entries(wanted)) {
    expect([name, text.includes(secret)]).toEqual([name, false]);
  }
  expect(holding(Object.values(wanted), basePath, mark)).toBe('');
  return watched;
}

/** A file older than all that is written from now on; file times are those of the kernel's last tick. */
function markNow(): string {
  const mark = join(home, 'mark');
  writeFileSync(mark, '');
  const earlier = Date.now() / 1000 - 0.05;
  utimesSync(mark, earlier, earlier);
  return mark;
}

/** The files below the base path, and any written since in places for temporary files and caches, that hold a secret. */
function holding(wanted: readonly string[], basePath: string, mark: string): string {
  const places = [basePath, tmpdir(), '/var/tmp', '/root/.cache', '/dev/shm', '/run/user'];
  const find = spawnSync('find', [
    ...places,
    ...['-name', 'node_modules', '-prune', '-o', '-newer', mark],
    ...['-type', 'f', '-size', '-20000k', '-print0'],
  ]);
  const all = execFileSync('find', [basePath, '-type', 'f', '-print0']);
  const input = Buffer.concat([find.stdout, all]);
  // What is looked for is given as a file, which grep need not be told on its command line.
  const pattern = join(home, 'pattern');
  writeFileSync(pattern, wanted.join('\n'), { mode: 0o600 });
  const grep = spawnSync('xargs', ['-0', 'grep', '-l', '-a', '-s', '-F', '-f', pattern], { input });
  return grep.stdout
    .toString()
    .split('\n')
    .filter((path) => path !== '' && path !== pattern)
    .join('\n');
}

/** Nothing on a command line, and in environments only the variables that a check or a run was given. */
function expectUnseen({ rounds, commands, found }: Watched): void {
  expect(rounds).toBeGreaterThan(10);
  expect(commands.filter((command) => /hot-deploy|hd:/.test(command)).length).toBeGreaterThan(0);
  const given = [`TOKEN=${TOKEN}`, `API_KEY=${ENGINE_KEY}`];
  const elsewhere = found.filter(({ where, text }) => !(where === 'environ' && given.includes(text)));
  expect(elsewhere).toEqual([]);
}

test('P7: a deployment with every kind of secret shows none, anywhere', async () => {
  const basePath = join(await make('app'), 'app');
  mkdirSync(basePath);
  const watched = await expectNoSecrets(basePath, deployment(basePath), /^well$/);
  expectUnseen(watched);
  // The watching itself: it saw sudo and the installer at work, and the check with its own variable.
  expect(watched.commands.join('\n')).toMatch(/^env LANGUAGE=en sudo|sudo -k -S/m);
  expect(watched.commands.join('\n')).toMatch(/pip install|uv pip|-m pip/);
  expect(watched.found.some(({ where }) => where === 'environ')).toBe(true);
  expect(index.requests.some(({ authorized }) => authorized)).toBe(true);

  const again = deployment(basePath, { options: { python: '/usr/bin/python3', deployUnchanged: true } });
  expectUnseen(await expectNoSecrets(basePath, again, /^well$/));
  const back = rollback({ basePath, options: { python: '/usr/bin/python3' }, checks: checks(USES) });
  expectUnseen(await expectNoSecrets(basePath, back, /^well$/));
});

test('P7: a check that does not pass and prints all it knows shows no secret', async () => {
  const basePath = join(await make('app'), 'app');
  mkdirSync(basePath);
  const failing = { ...USES, code: 'import os, base64\nraise SystemExit(repr(dict(os.environ)))' };
  const node = deployment(basePath, { checks: checks(failing), dependencies: 'none' });
  expectUnseen(await expectNoSecrets(basePath, node, /^Check “token” did not pass/));
});

test.each(['environment', 'stdin'])(
  'P7: a run that gets a secret by %s and prints all it knows shows none, anywhere',
  async (pass) => {
    const basePath = join(await make('app'), 'app');
    mkdirSync(basePath);
    const program =
      'import os, sys, time\nprint(dict(os.environ), sys.stdin.read())\ntime.sleep(0.3)\nsys.exit(3)\n';
    writeFileSync(join(basePath, 'run.py'), program);
    const options = { python: '/usr/bin/python3', runKey: 'a' };
    const node = runEngine({ basePath, operation: 'run', output: 'text', options });
    const credentials = { ...ACCOUNT, [ENGINE_SECRETS]: { id: '3', name: 'Engine' } };
    const ends = /^The run ended with exit code 3/;
    const watched = await expectNoSecrets(basePath, { ...node, credentials }, ends, INDEX_PASSWORD, pass);
    expectUnseen(watched);
    const inEnvironment = watched.found.some(({ text }) => text === `API_KEY=${ENGINE_KEY}`);
    expect(inEnvironment).toBe(pass === 'environment');
  },
);

test('P7: an index that refuses the password, and what is said about it, show no secret', async () => {
  const basePath = join(await make('app'), 'app');
  mkdirSync(basePath);
  const wrong = made('wrong');
  const watched = await expectNoSecrets(basePath, deployment(basePath), /./, wrong);
  expectUnseen(watched);
  expect(index.requests.some(({ authorized }) => !authorized)).toBe(true);
});

test('a secret that lies somewhere would be found', async () => {
  const basePath = await make('app');
  const mark = markNow();
  const elsewhere = join(await make('elsewhere'), 'file');
  writeFileSync(join(basePath, 'file'), `x${TOKEN}y`);
  writeFileSync(elsewhere, `\0${PASSPHRASE}`);
  const found = holding(Object.values(secrets), basePath, mark).split('\n');
  expect([...new Set(found)].sort()).toEqual([join(basePath, 'file'), elsewhere].sort());
  const [, watched] = await watchProcesses([TOKEN], async () =>
    execFileSync('sleep', ['0.3'], { env: { ...process.env, X: TOKEN } }),
  );
  expect(watched.found).toContainEqual({
    secret: 0,
    where: 'environ',
    command: 'sleep 0.3 ',
    text: `X=${TOKEN}`,
  });
});
