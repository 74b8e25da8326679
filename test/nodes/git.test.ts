import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { HotDeployGitApi } from '../../credentials/HotDeployGitApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n, type RunResult } from '../support/n8n';
import { ACCOUNT, credentialFor, HOT_DEPLOY, hotDeploy, onlyJson, openN8n } from '../support/nodes';
import { makeKey, startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let repository: string;

beforeAll(async () => {
  sshd = await startSshd();
  process.env.N8N_HOT_DEPLOY_GIT_CACHE = await make('cache');
  const git = {
    repository: `ssh://${sshd.username}@${sshd.host}:${sshd.port}/repository`,
    authentication: 'deployKey',
    privateKey: sshd.clientKeys.ed25519,
    hostKeyFingerprint: sshd.fingerprint,
  };
  n8n = await openN8n(credentialFor(sshd), {
    credentialTypes: [new HotDeploySshApi(), new HotDeployGitApi()],
    credentials: { hotDeploySshApi: credentialFor(sshd), hotDeployGitApi: git },
  });
  const [version] = await engineVersions(make, 'v2');
  repository = await make('repository');
  cpSync(version, repository, { recursive: true });
  writeFileSync(join(repository, 'Dockerfile'), 'FROM scratch\n');
  git_('init', '-q', '-b', 'main');
  commit('first');
});

afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_GIT_CACHE;
  await n8n.close();
  await sshd.stop();
});

const credentials = { ...ACCOUNT, hotDeployGitApi: { id: '2', name: 'Repository' } };

function git_(...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' }).trim();
}

function commit(message: string): string {
  git_('add', '-A');
  git_('commit', '-q', '-m', message);
  return git_('rev-parse', 'HEAD');
}

function run(basePath: string, parameters: IDataObject = {}): Promise<RunResult> {
  const source = {
    source: 'git',
    repository: `file://${repository}`,
    reference: 'main',
    dependencies: 'none',
  };
  return n8n.run(chain(hotDeploy({ basePath, ...source, ...parameters }, { credentials })));
}

const outputsOf = (result: RunResult) => [result.output('Hot Deploy', 0), result.output('Hot Deploy', 1)];

test('a commit is deployed, and the same again is unchanged', async () => {
  const basePath = await make('app');
  const head = git_('rev-parse', 'HEAD');
  const first = onlyJson(await run(basePath));
  expect(first).toMatchObject({
    status: 'deployed',
    source: { type: 'git', reference: 'main', commit: head, repository: `file://${repository}` },
    changes: { ignored: expect.arrayContaining(['Dockerfile']) },
  });
  expect(onlyJson(await run(basePath, { reference: head.slice(0, 10) }))).toMatchObject({
    status: 'unchanged',
    release: first.release,
    source: { commit: head },
  });
});

test('P9: ten executions at once use one cache and one engine: one deploys, the others wait and answer unchanged', async () => {
  const basePath = await make('app');
  process.env.N8N_HOT_DEPLOY_GIT_CACHE = await make('cache');
  const results = await Promise.all(
    Array.from({ length: 10 }, () => run(basePath, { options: { lockWaitSeconds: 90 } })),
  );
  const outputs = results.map((result) => onlyJson(result));
  expect(outputs.map(({ status }) => status).sort()).toEqual(['deployed', ...Array(9).fill('unchanged')]);
  expect(new Set(outputs.map(({ release }) => release)).size).toBe(1);
});

test('what is outside of the patterns is unchanged, with a hint, and comes out of its own output', async () => {
  const basePath = await make('app');
  const { release } = onlyJson(await run(basePath));
  const before = git_('rev-parse', 'HEAD');
  appendFileSync(join(repository, 'Dockerfile'), 'COPY . /app\n');
  const after = commit('Change the image');
  const result = await run(basePath, { notDeployedOutput: true });
  const [deployed, notDeployed] = outputsOf(result);
  expect(deployed).toEqual([]);
  expect(notDeployed.map(({ json }) => json)).toMatchObject([
    {
      status: 'unchanged',
      release,
      source: { commit: after },
      changes: { ignored: ['Dockerfile'], since: before },
    },
  ]);
  expect(result.hints('Hot Deploy').map(({ message }) => message)).toContainEqual(
    `Changed since ${before.slice(0, 12)}, and not deployed here: Dockerfile. That part needs an ordinary deployment.`,
  );
  appendFileSync(join(repository, 'src/version.py'), '\n');
  commit('Change the engine');
  const [live, nothing] = outputsOf(await run(basePath, { notDeployedOutput: true }));
  expect([live.length, nothing.length]).toEqual([1, 0]);
});

test('over SSH with a deploy key, and the credential’s test asks the repository', async () => {
  const basePath = await make('app');
  const address = `ssh://${sshd.username}@${sshd.host}:${sshd.port}${repository}`;
  const parameters = { repository: address, repositoryAccess: 'credential' };
  expect(onlyJson(await run(basePath, parameters))).toMatchObject({
    status: 'deployed',
    source: { repository: address },
  });
  const credential = {
    repository: address,
    authentication: 'deployKey',
    privateKey: sshd.clientKeys.ed25519,
    hostKeyFingerprint: sshd.fingerprint,
  };
  const head = git_('rev-parse', 'HEAD').slice(0, 12);
  expect(await n8n.testCredential(HOT_DEPLOY, 'hotDeployGitApi', credential)).toEqual({
    status: 'OK',
    message: `${address} can be read; its default branch is at ${head}.`,
  });
  const { privateKey } = await makeKey('ed25519');
  const refused = await n8n.testCredential(HOT_DEPLOY, 'hotDeployGitApi', { ...credential, privateKey });
  expect(refused.status).toBe('Error');
  expect(refused.message).toContain('does not accept the private key');
  const unpinned = { ...credential, hostKeyFingerprint: '' };
  expect((await n8n.testCredential(HOT_DEPLOY, 'hotDeployGitApi', unpinned)).message).toContain(
    'No login was tried',
  );
});

test('a plan that was approved is applied, and not when it has changed since', async () => {
  const basePath = await make('app');
  const { planDigest } = onlyJson(await run(basePath, { operation: 'plan' }));
  appendFileSync(join(repository, 'src/version.py'), '# later\n');
  commit('Change it once more');
  const refused = await run(basePath, { options: { planDigest } });
  expect(refused.error('Hot Deploy')?.message).toContain(
    'The plan is not the one that was approved: the new version changed since.',
  );
  const { planDigest: anew } = onlyJson(await run(basePath, { operation: 'plan' }));
  expect(onlyJson(await run(basePath, { options: { planDigest: anew } }))).toMatchObject({
    status: 'deployed',
  });
});

test('the very same bytes that were deployed elsewhere, and no others', async () => {
  const staging = onlyJson(await run(await make('staging')));
  const { digest, commit: tested } = staging.source as { digest: string; commit: string };
  appendFileSync(join(repository, 'src/version.py'), '# meanwhile\n');
  commit('Change it meanwhile');
  const basePath = await make('app');
  const options = { expectedDigest: digest };
  expect((await run(basePath, { options })).error('Hot Deploy')?.message).toContain('Expected Digest is');
  expect(onlyJson(await run(basePath, { reference: tested, options }))).toMatchObject({ status: 'deployed' });
});

test.each([
  ['ext::sh -c id', 'is not an address that is fetched from'],
  ['--upload-pack=id', 'is not an address that is fetched from'],
  ['https://user:hunter2@example.org/x.git', 'holds a user name or password'],
  ['git@example.org:x/y.git', 'needs a deploy key'],
])('P7: repository %j is a sentence', async (address, sentence) => {
  const result = await run(await make('app'), { repository: address });
  const { message = '', description = '' } = result.error('Hot Deploy') ?? {};
  expect(message).toContain(sentence);
  expect(message + description).not.toContain('hunter2');
});
