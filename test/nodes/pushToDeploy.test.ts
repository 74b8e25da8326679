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
import type { PushRequest } from '../../nodes/shared/push/push';
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
    reference: '={{ $json.reference }}',
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
  return send(recorded(before, after));
}

let pushes = 0;

/** A delivery that somebody may keep. */
function recorded(before: string, after: string): PushRequest {
  const payload = { ...payloadOf('gitea'), before, after, commits: [], total_commits: 1, pushes: ++pushes };
  Object.assign(payload.repository, { ssh_url: cloneUrl, clone_url: 'https://evil.example/acme/engine.git' });
  return deliver('gitea', payload);
}

async function send(request: PushRequest) {
  const before = server.runs.length;
  const { json } = await server.post(request);
  const run = server.runs.length > before ? server.runs.at(-1) : undefined;
  return {
    json,
    output: run?.output('Hot Deploy')[0]?.json as IDataObject,
    complaint: run?.error()?.message,
  };
}

function change(message: string): string {
  appendFileSync(join(repository, 'src/matcher.py'), `\n# ${message}\n`);
  return commit(message);
}

let head: string;

test('a push brings the branch live as it is, from the repository that the trigger is set up for', async () => {
  const first = commit('first');
  const created = await push('0'.repeat(40), first);
  expect(created.complaint).toBeUndefined();
  expect(created).toMatchObject({
    json: { decision: 'accepted', deploy: 'hot' },
    output: { status: 'deployed', source: { type: 'git', commit: first, repository: cloneUrl } },
  });

  const second = change('second');
  // Another commit follows before the push is dealt with, and goes live with it.
  head = change('third');
  expect((await push(first, second)).output).toMatchObject({
    status: 'deployed',
    source: { commit: head },
    changes: { modified: ['src/matcher.py'] },
  });
});

test('A to B, back to A, and a replay of A to B under a new identifier: A stays live', async () => {
  const good = head;
  const bad = change('bad');
  const there = recorded(good, bad);
  expect((await send(there)).output).toMatchObject({ status: 'deployed', source: { commit: bad } });
  git('reset', '-q', '--hard', good);
  expect((await push(bad, good)).output).toMatchObject({ status: 'deployed', source: { commit: good } });

  const replayed = { ...there, headers: { ...there.headers, 'x-gitea-delivery': 'another' } };
  expect(await send(replayed)).toMatchObject({
    json: { decision: 'ignored', reason: 'This delivery was acted on before.' },
    output: undefined,
  });

  // Nothing is remembered any more, or the other process of two has not written yet: there is something to look at.
  for (const name of Object.keys(server.staticData)) delete server.staticData[name];
  expect(await send(replayed)).toMatchObject({
    json: { decision: 'accepted' },
    output: { status: 'unchanged', source: { commit: good } },
  });
});

test('who pushes A to B, back, and to B again, gets B', async () => {
  const good = head;
  const better = change('better');
  expect((await push(good, better)).output).toMatchObject({ source: { commit: better } });
  git('reset', '-q', '--hard', good);
  expect((await push(better, good)).output).toMatchObject({ source: { commit: good } });
  git('reset', '-q', '--hard', better);
  expect((await push(good, better)).output).toMatchObject({ status: 'deployed', source: { commit: better } });
});
