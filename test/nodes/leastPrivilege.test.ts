import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

import type { ICredentialDataDecryptedObject, IDataObject } from 'n8n-workflow';

import { connectSsh } from '../../nodes/shared/connection/ssh';
import { programFor } from '../../nodes/shared/executor/program';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { documented, DOCUMENTED_WRAPPER, installWrapper, type Wrapper } from '../support/leastPrivilege';
import { chain } from '../support/n8n';
import { credentialFor, hotDeploy, onlyJson, openN8n } from '../support/nodes';
import { makeKey, startSshd, type Sshd } from '../support/sshd';
import { withKey } from '../support/sshOptions';
import { allowSudo } from '../support/sudoRules';
import { createSystemUser, type SystemUser } from '../support/systemUser';
import { thrownBy } from '../support/thrown';

const make = temporaryDirectories();
/** The test's own interpreter is below root's home, which nobody else may enter. */
const PYTHON = '/usr/bin/python3';
const cleanUp: Array<() => void> = [];
let sshd: Sshd;
let wrapper: Wrapper;
let v1: string;
let v2: string;

beforeAll(async () => {
  sshd = await startSshd();
  wrapper = installWrapper(await make('wrapper'));
  [v1, v2] = await engineVersions(make, 'base', 'v2');
});

afterAll(async () => {
  for (const undo of cleanUp.reverse()) undo();
  await sshd.stop();
});

beforeEach(() => wrapper.list('full', 'readOnly'));

function newUser(): SystemUser {
  const user = createSystemUser();
  cleanUp.push(() => user.remove());
  return user;
}

function uidOf({ username }: SystemUser): number {
  return Number(execFileSync('id', ['-u', username], { encoding: 'utf8' }));
}

/** A base path that others can reach and only `owner` can write. */
async function basePathOf(owner: number): Promise<string> {
  const basePath = join(await make('least'), 'app');
  mkdirSync(basePath, { mode: 0o755 });
  chmodSync(join(basePath, '..'), 0o755);
  chownSync(basePath, owner, owner);
  return basePath;
}

/** Sudo as the document's block number `index` has it. */
function documentedSudo(user: SystemUser, index: number, changes: Record<string, string> = {}): void {
  const { username } = user;
  const names = { 'deploy ALL': `${username} ALL`, 'Defaults:deploy': `Defaults:${username}` };
  const [first, ...rest] = documented('sudoers', { ...names, [DOCUMENTED_WRAPPER]: wrapper.path, ...changes })
    [index].trim()
    .split('\n');
  const rule = first.slice(username.length + 1);
  cleanUp.push(allowSudo(username, [rule, ...rest].join('\n')));
}

/** A key of the user whose line in authorized_keys is the document's. */
async function documentedKey(): Promise<string> {
  const { privateKey, publicKey } = await makeKey('ed25519');
  const changes = { [DOCUMENTED_WRAPPER]: wrapper.path, 'ssh-ed25519 AAAA…': publicKey };
  const [line] = documented('authorized_keys', changes);
  expect(line).toMatch(/^restrict,command="\/\S+" ssh-ed25519 AAAA\w+/);
  await sshd.authorize(line.trim());
  return privateKey;
}

async function run(
  credential: ICredentialDataDecryptedObject,
  parameters: IDataObject,
  python = wrapper.path,
) {
  const n8n = await openN8n(credentialFor(sshd, credential));
  const result = await n8n.run(chain(hotDeploy({ ...parameters, options: { python } })));
  await n8n.close();
  return result;
}

/** What the wrapper answers to this on its standard input. */
function feed(input: Buffer, path = wrapper.path) {
  const { status, stderr, stdout } = spawnSync(path, ['-c', 'print(1)'], { input, encoding: 'utf8' });
  return { status, stderr, stdout };
}

function packed(text: string): Buffer {
  const bytes = deflateSync(text);
  return Buffer.concat([Buffer.from(`\x01hd:${bytes.length}\n`), bytes]);
}

test('P7: set-up 1: a user of its own deploys without sudo, and another one extracts', async () => {
  const [user, engine] = [newUser(), newUser()];
  const basePath = await basePathOf(uidOf(user));
  const credential = { username: user.username };
  onlyJson(await run(credential, { basePath, sourceDirectory: v1 }, PYTHON));
  const json = onlyJson(await run(credential, { basePath, sourceDirectory: v2 }, PYTHON));
  expect(json).toMatchObject({ status: 'deployed' });
  expect(lstatSync(join(basePath, 'current')).uid).toBe(uidOf(user));
  const as = (...argv: string[]) => spawnSync('sudo', ['-n', '-u', engine.username, '--', ...argv]);
  expect(as(PYTHON, join(basePath, 'run.py'), '--help').status).toBe(0);
  expect(as('touch', join(basePath, 'current', 'x')).status).not.toBe(0);
  expect(as('ln', '-sfn', 'releases/other', join(basePath, 'current')).status).not.toBe(0);
  expect(spawnSync('sudo', ['-n', '-u', user.username, '--', 'sudo', '-n', 'true']).status).not.toBe(0);
});

describe('P7: set-up 2: sudo for the executor only', () => {
  test('it deploys as root, and sudo starts nothing else', async () => {
    const user = newUser();
    documentedSudo(user, 0);
    const basePath = await basePathOf(0);
    const credential = { username: user.username, become: 'sudo' };
    expect(onlyJson(await run(credential, { basePath, sourceDirectory: v2 }))).toMatchObject({
      status: 'deployed',
    });
    expect(lstatSync(join(basePath, 'current')).uid).toBe(0);
    const refused = await run(credential, { basePath, sourceDirectory: v1 }, PYTHON);
    expect(refused.error('Hot Deploy')?.message).toMatch(/^sudo on .* asks for a password\./);
    const listed = execFileSync('sudo', ['-n', '-l', '-U', user.username], { encoding: 'utf8' });
    expect(listed.split('commands on')[1].trim().split('\n').slice(1)).toEqual([
      `    (root) NOPASSWD: ${wrapper.path}`,
    ]);
  });

  test('another program, sent where the executor should come, does not run', async () => {
    const user = newUser();
    documentedSudo(user, 0);
    const connection = await connectSsh(withKey(sshd, { username: user.username }));
    const mark = join(await make('mark'), 'mark');
    const text = `open(${JSON.stringify(mark)}, "w")`;
    const channel = await connection.start(['sudo', '-n', '--', wrapper.path, '-c', text]);
    channel.stdout.resume();
    let complaint = '';
    channel.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    channel.stdin.end(packed(text));
    expect(await channel.exit).toEqual({ code: 1, signal: null });
    await connection.close();
    expect(complaint).toMatch(/^hot-deploy-python: the executor [0-9a-f]{64} is not listed in \//);
    expect(existsSync(mark)).toBe(false);
  });

  test('with a password, which goes to sudo and not to the wrapper', async () => {
    const user = newUser();
    const changes = { 'NOPASSWD: ': '' };
    documentedSudo(user, 0, changes);
    const basePath = await basePathOf(0);
    const credential = {
      username: user.username,
      become: 'sudoPassword',
      sudoPassword: user.password,
    };
    const result = await run(credential, { basePath, sourceDirectory: v2 });
    expect(onlyJson(result)).toMatchObject({ status: 'deployed' });
  });

  test('it becomes the engine’s owner instead of root', async () => {
    const [user, engine] = [newUser(), newUser()];
    documentedSudo(user, 1, { '(engine)': `(${engine.username})`, '=engine': `=${engine.username}` });
    const basePath = await basePathOf(uidOf(engine));
    const credential = { username: user.username, become: 'sudo' };
    const result = await run(credential, { basePath, sourceDirectory: v2 });
    expect(onlyJson(result)).toMatchObject({ status: 'deployed' });
    expect(statSync(join(basePath, 'current')).uid).toBe(uidOf(engine));
    expect(spawnSync('sudo', ['-n', '-u', user.username, '--', 'sudo', '-n', 'id']).status).not.toBe(0);
  });
});

describe('P7: set-up 3: a key that starts nothing but the executor', () => {
  test('it deploys, whatever interpreter the node names', async () => {
    const user = newUser();
    const basePath = await basePathOf(uidOf(user));
    const credential = { username: user.username, privateKey: await documentedKey() };
    for (const [python, sourceDirectory] of [
      [wrapper.path, v1],
      ['python3', v2],
    ]) {
      const json = onlyJson(await run(credential, { basePath, sourceDirectory }, python));
      expect(json).toMatchObject({ status: 'deployed' });
    }
  });

  test('it runs no command, and forwards no port', async () => {
    const user = newUser();
    const options = withKey(sshd, { username: user.username, privateKey: await documentedKey() });
    const mark = join(await make('mark'), 'mark');
    const connection = await connectSsh(options);
    const channel = await connection.start(['touch', mark]);
    channel.stdout.resume();
    channel.stderr.resume();
    channel.stdin.end();
    expect((await channel.exit).code).toBe(1);
    await connection.close();
    expect(existsSync(mark)).toBe(false);
    const onward = await thrownBy(connectSsh({ ...withKey(sshd), jump: options }));
    expect(onward.message).toMatch(/^The jump host .* does not let ".*" through to /);
  });

  test('an executor that is not listed is refused, and the message says what to compare', async () => {
    const user = newUser();
    wrapper.list('readOnly');
    const basePath = await basePathOf(uidOf(user));
    const credential = { username: user.username, privateKey: await documentedKey() };
    const result = await run(credential, { basePath, sourceDirectory: v2 });
    const { message, description } = result.error('Hot Deploy') ?? {};
    expect(message).toMatch(/ runs listed executors only, and this one is not among them\./);
    expect(description).toContain('Compare its digest with dist/executors.txt');
    expect(description).toMatch(/the executor [0-9a-f]{64} is not listed/);
  });
});

test('P7: set-up 4: a key that only reads, whoever has it', async () => {
  const user = newUser();
  const basePath = await basePathOf(uidOf(user));
  onlyJson(await run({ username: user.username }, { basePath, sourceDirectory: v2 }, PYTHON));
  wrapper.list('readOnly');
  const reading = { username: user.username, privateKey: await documentedKey(), access: 'readOnly' };
  const status = onlyJson(await run(reading, { operation: 'status', basePath }));
  expect(status).toMatchObject({ state: 'live', writable: true });
  const plan = onlyJson(await run(reading, { operation: 'plan', basePath, sourceDirectory: v1 }));
  expect(plan).toMatchObject({ status: 'planned', unchanged: false });
  const full = await run({ ...reading, access: 'full' }, { operation: 'status', basePath });
  expect(full.error('Hot Deploy')?.message).toContain('runs listed executors only');
});

describe('P7: hot-deploy-python takes nothing for an executor that is none', () => {
  const bomb = deflateSync(Buffer.alloc(64 << 20));
  test.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'nothing came that is an executor'],
    ['lines without a mark', Buffer.from('ls\n'.repeat(1000)), 'nothing came that is an executor'],
    ['a line without end', Buffer.alloc(1 << 20, 'x'), 'nothing came that is an executor'],
    ['no length', Buffer.from('\x01hd:\n'), 'what came is no executor'],
    ['a negative length', Buffer.from('\x01hd:-1\n'), 'what came is no executor'],
    ['an enormous length', Buffer.from('\x01hd:99999999999\n'), 'what came is no executor'],
    ['bytes that are not compressed', Buffer.from('\x01hd:5\nhello'), 'what came is damaged'],
    ['too few bytes', packed('print(1)').subarray(0, -3), 'what came is too large, or cut off'],
    [
      'a bomb',
      Buffer.concat([Buffer.from(`\x01hd:${bomb.length}\n`), bomb]),
      'what came is too large, or cut off',
    ],
    ['another program', packed('print(2)'), 'is not listed'],
  ])('%s', (_title, input, message) => {
    const { status, stderr, stdout } = feed(input);
    expect([status, stdout]).toEqual([1, 'hot-deploy-ready\n']);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('Traceback');
  });

  test('a list that others may write, or that is not root’s, is none', () => {
    const input = programFor(60);
    expect(feed(input).stderr).not.toContain('hot-deploy-python:');
    chmodSync(wrapper.listFile, 0o664);
    expect(feed(input).stderr).toContain('has to belong to root');
    chmodSync(wrapper.listFile, 0o644);
    chownSync(wrapper.listFile, 65534, 0);
    expect(feed(input).stderr).toContain('has to belong to root');
    rmSync(wrapper.listFile);
    expect(feed(input).stderr).toContain("can't be read");
    writeFileSync(wrapper.listFile, '', { mode: 0o644 });
    expect(feed(input).stderr).toContain('is not listed');
  });
});
