/** A connection that is kept in a process of its own, as in n8n between two executions. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { utils } from 'ssh2';

import { PYTHON, temporaryDirectories } from '../support/deployment';
import type { KeepingRequest } from '../support/keepingProcess';
import { credentialFor } from '../support/nodes';
import { makeKey, startSshd, type Sshd } from '../support/sshd';
import { createSystemUser, type SystemUser } from '../support/systemUser';

const PROGRAM = join(__dirname, '../support/keepingProcess.ts');
const make = temporaryDirectories();
let sshd: Sshd;
let user: SystemUser;

beforeAll(async () => {
  user = createSystemUser();
  sshd = await startSshd({ password: true });
});

afterAll(async () => {
  await sshd.stop();
  user.remove();
});

/** An engine's directory that every user may look at. */
async function directoryForAll(): Promise<string> {
  const directory = await make();
  await chmod(directory, 0o755);
  return directory;
}

/** Runs it to its end; how long that took from the moment when the connection was kept. */
async function keeps(request: Omit<KeepingRequest, 'directory'>): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 50_000,
  });
  child.stdin.end(JSON.stringify({ ...request, directory: await directoryForAll() }));
  let saidAt = 0;
  child.stdout.once('data', () => (saidAt = performance.now()));
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect([said, code]).toEqual(['1 kept\n', 0]);
  return performance.now() - saidAt;
}

/** Whether a text is in the memory of a process that keeps a connection. */
async function memoryOf(request: Omit<KeepingRequest, 'directory'>): Promise<(text: string) => boolean> {
  const heap = join(await make('heap'), 'heap.heapsnapshot');
  await keeps({ ...request, heap });
  const memory = readFileSync(heap, 'utf8');
  return (part) => memory.includes(part);
}

test('P8: a process that keeps a connection ends by itself', async () => {
  expect(await keeps({ credential: credentialFor(sshd), python: PYTHON })).toBeLessThan(5_000);
});

test('P7: of a kept connection’s key, passphrase and password nothing is left in memory', async () => {
  const { privateKey, publicKey } = await makeKey('ed25519', { passphrase: 'open sesame' });
  await sshd.authorize(publicKey);
  const key = utils.parseKey(privateKey, 'open sesame');
  if (key instanceof Error) throw key;
  const [, line] = key.getPrivatePEM().split('\n');
  const credential = credentialFor(sshd, { privateKey, passphrase: 'open sesame' });
  const ofKey = await memoryOf({ credential, python: PYTHON });
  // What the server calls itself is kept with the connection.
  const pasted = privateKey.split('\n')[3];
  expect([line, pasted, 'open sesame', 'OpenSSH_'].map(ofKey)).toEqual([false, false, false, true]);

  const { username, password } = user;
  const other = credentialFor(sshd, { authentication: 'password', privateKey: '', username, password });
  const ofPassword = await memoryOf({ credential: other, python: '/usr/bin/python3' });
  expect([password, username, 'OpenSSH_'].map(ofPassword)).toEqual([false, true, true]);
});
