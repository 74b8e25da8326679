import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { line, type N8n, type WebhookServer } from '../support/n8n';
import {
  ACCOUNT,
  credentialFor,
  hotDeploy,
  openN8n,
  pushTrigger,
  WEBHOOK_CREDENTIAL,
} from '../support/nodes';
import { deliver, payloadOf, SECRET } from '../support/pushes';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let server: WebhookServer;
let repository: string;
let cloneUrl: string;

beforeAll(async () => {
  sshd = await startSshd();
  process.env.N8N_HOT_DEPLOY_GIT_CACHE = await make('cache');
  const [version] = await engineVersions(make, 'v2');
  repository = await make('repository');
  cpSync(version, repository, { recursive: true });
  git('init', '-q', '-b', 'main');
  cloneUrl = `ssh://${sshd.username}@${sshd.host}:${sshd.port}${repository}`;
  n8n = await openN8n(
    {},
    {
      credentials: {
        hotDeploySshApi: credentialFor(sshd),
        hotDeployGitApi: {
          repository: cloneUrl,
          authentication: 'deployKey',
          privateKey: sshd.clientKeys.ed25519,
          hostKeyFingerprint: sshd.fingerprint,
        },
        [WEBHOOK_CREDENTIAL]: { secret: SECRET },
      },
    },
  );
  server = await n8n.listen(line(pushTrigger({ repositories: cloneUrl }), await deployment()), 'Push');
});

afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_GIT_CACHE;
  await server.close();
  await n8n.close();
  await sshd.stop();
});

/** Hot Deploy as people set it up behind the trigger. */
async function deployment() {
  const source = {
    source: 'git',
    repository: '={{ $json.cloneUrl }}',
    repositoryAccess: 'credential',
    reference: '={{ $json.commit }}',
    dependencies: 'none',
  };
  const credentials = { ...ACCOUNT, hotDeployGitApi: { id: '3', name: 'Repository' } };
  return hotDeploy({ basePath: await make('app'), ...source }, { credentials });
}

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' }).trim();
}

function commit(message: string): string {
  git('add', '-A');
  git('commit', '-q', '-m', message);
  return git('rev-parse', 'HEAD');
}

/** Tells the trigger of a push, as the Gitea of this repository would. */
async function push(before: string, after: string) {
  const payload = { ...payloadOf('gitea'), before, after, commits: [], total_commits: 1 };
  Object.assign(payload.repository, { ssh_url: cloneUrl, clone_url: 'https://evil.example/acme/engine.git' });
  const { json } = await server.post(deliver('gitea', payload));
  const run = server.runs.at(-1);
  return {
    json,
    output: run?.output('Hot Deploy')[0]?.json as IDataObject,
    complaint: run?.error()?.message,
  };
}

test('a push brings its very commit live, from the repository that the trigger is set up for', async () => {
  const first = commit('first');
  const created = await push('0'.repeat(40), first);
  expect(created.complaint).toBeUndefined();
  expect(created).toMatchObject({
    json: { decision: 'accepted', deploy: 'hot' },
    output: { status: 'deployed', source: { type: 'git', commit: first, repository: cloneUrl } },
  });

  appendFileSync(join(repository, 'src/matcher.py'), '\n# better\n');
  const second = commit('second');
  // Another commit follows before the push is dealt with; what was pushed is what goes live.
  appendFileSync(join(repository, 'src/matcher.py'), '\n# and more\n');
  commit('third');
  expect((await push(first, second)).output).toMatchObject({
    status: 'deployed',
    source: { commit: second },
    changes: { modified: ['src/matcher.py'] },
  });
});
