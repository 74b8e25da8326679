import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import { openGit } from '../../../nodes/shared/git/commitSource';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import type { SwitchResult } from '../../../nodes/shared/release/result';
import { deployOptions, inConversation, temporaryDirectories } from '../../support/deployment';
import { ENGINE, gitOptions } from '../../support/git';
import { type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let http: GitHttp;
let root: string;
let cache: string;

beforeAll(async () => {
  root = await make('repositories');
  http = await startGitHttp({ root, config: ['uploadpack.allowFilter=true'] });
});

beforeEach(async () => {
  cache = await make('cache');
});

afterAll(() => http.close());

let count = 0;

/** A repository behind the server, with the engine in it. */
function served(): { repository: GitRepository; url: string; first: string } {
  const name = `engine-${++count}.git`;
  const repository = GitRepository.create(join(root, name));
  return { repository, url: `${http.url}${name}`, first: repository.commit(ENGINE) };
}

/** Deploys what a reference means; the result, and the questions that the server was asked for it. */
async function deployFrom(
  url: string,
  base: string,
  changes: Partial<DeployOptions> = {},
  reference = 'main',
): Promise<SwitchResult & { questions: string[] }> {
  http.forget();
  const source = await openGit(gitOptions(url, cache, { reference }));
  try {
    const result = await inConversation((client) => deploy(client, source, deployOptions(base, changes)));
    return { ...result, questions: http.questions() };
  } finally {
    await source.close();
  }
}

test('P9: a commit that is live is unchanged after one question to the server', async () => {
  const { url, first } = served();
  const base = await make();
  const live = await deployFrom(url, base);
  expect(live).toMatchObject({
    status: 'deployed',
    source: { type: 'git', reference: 'main', commit: first },
  });
  const again = await deployFrom(url, base);
  expect(again).toMatchObject({ status: 'unchanged', release: live.release, source: { commit: first } });
  // Protocol version 2 greets first; what it was asked is the list of references.
  expect(again.questions.filter((asked) => asked.startsWith('POST'))).toHaveLength(1);
  expect((await deployFrom(url, base, {}, first)).questions).toEqual([]);
});

test('P9: a commit that changes only other files is unchanged, names them, and is known from then on', async () => {
  const { repository, url, first } = served();
  const base = await make();
  const live = await deployFrom(url, base);
  const second = repository.commit({ 'docs/guide.md': 'Better guide\n', Dockerfile: 'FROM scratch\n' });
  const outside = await deployFrom(url, base);
  expect(outside).toMatchObject({ status: 'unchanged', release: live.release, source: { commit: second } });
  expect(outside.changes).toMatchObject({ since: first, counts: { ignored: 2, added: 0, modified: 0 } });
  expect([...outside.changes.ignored].sort()).toEqual(['Dockerfile', 'docs/guide.md']);
  const again = await deployFrom(url, base);
  expect(again).toMatchObject({ status: 'unchanged', source: { commit: second } });
  expect(again.questions.filter((asked) => asked.startsWith('POST'))).toHaveLength(1);
  // What changes next is told from there on.
  repository.commit({ 'src/main.py': 'VALUE = 2\n', 'README.md': '# The engine\n' });
  expect((await deployFrom(url, base)).changes).toMatchObject({
    since: second,
    modified: ['src/main.py'],
    ignored: ['README.md'],
  });
});

test('a history that was rewritten is deployed like any other', async () => {
  const { repository, url } = served();
  const base = await make();
  await deployFrom(url, base);
  const rewritten = repository.commit({ ...ENGINE, 'src/main.py': 'VALUE = 3\n' }, { from: null });
  repository.git(['reflog', 'expire', '--expire=now', '--all']);
  repository.git(['gc', '--quiet', '--prune=now']);
  cache = await make('cache');
  const result = await deployFrom(url, base);
  expect(result).toMatchObject({ status: 'deployed', source: { commit: rewritten } });
  // What it was before nobody knows any more: all that is not deployed is named.
  expect(result.changes.since).toBeUndefined();
  expect(result.changes.ignored).toEqual(expect.arrayContaining(['README.md']));
});

test.each([
  ['a file was edited by hand', {}, (base: string) => edit(join(base, 'current/src/main.py'))],
  ['other patterns are asked for', { selection: { include: ['src/**', 'run.py'], exclude: [] } }, undefined],
  ['Deploy Unchanged is on', { deployUnchanged: true }, undefined],
])('a commit that is live is deployed again when %s', async (_, changes, before) => {
  const { url } = served();
  const base = await make();
  await deployFrom(url, base);
  before?.(base);
  expect(await deployFrom(url, base, changes)).toMatchObject({ status: 'deployed' });
});

function edit(file: string): void {
  chmodSync(file, 0o644);
  appendFileSync(file, '# by hand\n');
}

test('ten deployments at once share one cache and one engine: one deploys, the others find it done', async () => {
  const { url } = served();
  const base = await make();
  const results = await Promise.all(
    Array.from({ length: 10 }, () => deployFrom(url, base, { lockWaitSeconds: 90 })),
  );
  const statuses = results.map(({ status }) => status);
  expect(statuses.filter((status) => status === 'deployed')).toHaveLength(1);
  expect(statuses.filter((status) => status === 'unchanged')).toHaveLength(9);
  expect(new Set(results.map(({ release }) => release)).size).toBe(1);
});

test('of ten that don’t wait, each deploys, finds it done, or says who is at work', async () => {
  const { url } = served();
  const base = await make();
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => deployFrom(url, base)));
  const said = outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value.status : (outcome.reason as { code: string }).code,
  );
  expect(said.filter((word) => word === 'deployed')).toHaveLength(1);
  expect(new Set(said)).toEqual(
    new Set(['deployed', ...said.filter((w) => ['LOCKED', 'unchanged'].includes(w))]),
  );
  expect(await deployFrom(url, base)).toMatchObject({ status: 'unchanged' });
});

test('processes of their own share the cache, too', async () => {
  const { url, first } = served();
  const script = `
    const { openGit } = require(${JSON.stringify(join(__dirname, '../../../nodes/shared/git/commitSource.ts'))});
    openGit(JSON.parse(process.argv[1])).then(async (source) => {
      const bundle = await source.open();
      console.log(bundle.source.commit, bundle.entries.length);
      await source.close();
    });`;
  const { allowFile: _unused, ...options } = gitOptions(url, cache);
  const tsx = join(__dirname, '../../../node_modules/.bin/tsx');
  const processes = Array.from({ length: 3 }, () =>
    spawn(tsx, ['-e', script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const printed = await Promise.all(
    processes.map(async (child) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(child, 'close');
      return text.trim();
    }),
  );
  expect(printed).toEqual(Array(3).fill(`${first} 4`));
});

test('P3: a source that can’t be read leaves what is live as it is', async () => {
  const { repository, url } = served();
  const base = await make();
  const { release } = await deployFrom(url, base);
  repository.commit({ 'run.py': null });
  const refused = await thrownBy(deployFrom(url, base));
  expect(refused.message).toMatch(/The source has no run.py that the patterns include/);
  expect(refused.details).toMatchObject({ live: release });
});
