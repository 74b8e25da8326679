import { asCommit } from '../../support/named';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { readAll } from '../../support/bundles';
import { temporaryDirectories } from '../../support/deployment';
import { drawn } from '../../support/drawn';
import { ENGINE, gitOptions, withBundle } from '../../support/git';
import { type GitHttp, type GitHttpOptions, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';

const make = temporaryDirectories();
const FILTER = 'uploadpack.allowFilter=true';
const ANY = 'uploadpack.allowAnySHA1InWant=true';

/** Every kind of server there is: what it speaks, and whether it leaves out contents and gives what nobody advertised. */
const SERVERS: Array<[string, Pick<GitHttpOptions, 'protocolV2' | 'config'>]> = [
  ['version 2 with filter', { protocolV2: true, config: [FILTER] }],
  ['version 2 without filter', { protocolV2: true, config: [] }],
  ['version 0 with filter and any commit', { protocolV2: false, config: [FILTER, ANY] }],
  ['version 0 with any commit, without filter', { protocolV2: false, config: [ANY] }],
  ['version 0 with filter only', { protocolV2: false, config: [FILTER] }],
  ['version 0 with neither', { protocolV2: false, config: [] }],
];

let http: GitHttp;
let repository: GitRepository;
let root: string;
let first: string, second: string;
const NOISE = Array.from({ length: 300 }, (_, index) => `noise ${index} ${'x'.repeat(index)}`).join('\n');

beforeAll(async () => {
  root = await make('repositories');
  http = await startGitHttp({ root });
  repository = GitRepository.create(join(root, 'engine.git'));
  repository.commit({ ...ENGINE, 'docs/large.txt': NOISE, 'src/a.py': '1', 'src/b.py': '2' });
  first = repository.commit({ 'docs/large.txt': `${NOISE}2`, 'src/a.py': '3' });
  repository.tag('v1', first, 'annotated');
  second = repository.commit({ 'src/b.py': 'VALUE = 2\n', 'docs/large.txt': `${NOISE}3` });
});
afterAll(() => http.close());

function use(options: Pick<GitHttpOptions, 'protocolV2' | 'config'>): void {
  Object.assign(http.options, options);
  http.forget();
}

function options(cache: string, reference = 'main', name = 'engine.git') {
  return gitOptions(http.url + name, cache, { reference });
}

/** Ids of all objects of a kind that the cache holds. */
function cached(cache: string, kind = 'blob'): string[] {
  const names = readdirSync(join(cache, 'git')).filter((name) => name.endsWith('.git'));
  return names.flatMap((name) => {
    const args = ['-C', join(cache, 'git', name), 'cat-file', '--batch-all-objects', '--batch-check'];
    const listed = execFileSync('git', args, {
      encoding: 'utf8',
      env: { ...process.env, GIT_ALLOW_PROTOCOL: 'none' },
    });
    return listed
      .split('\n')
      .filter((line) => line.split(' ')[1] === kind)
      .map((line) => line.split(' ')[0]);
  });
}

function contentOf(reference: string): Array<[string, string]> {
  const paths = repository.git([
    'ls-tree',
    '-r',
    '--name-only',
    reference,
    'config',
    'requirements.txt',
    'run.py',
    'src',
  ]);
  return paths
    .split('\n')
    .map((path) => [path, repository.git(['show', `${reference}:${path}`])] as [string, string])
    .map(([path, text]) => [path, text]);
}

async function read(cache: string, reference: string): Promise<Array<[string, string]>> {
  return withBundle(options(cache, reference), async (bundle) =>
    (await readAll(bundle)).map(([path, text]) => [path, text.replace(/\n$/, '')]),
  );
}

/** The one cache that all come into, further below, meets all of them with every server. */
const REFERENCES: Array<[string, () => string]> = [
  ['a branch', () => 'main'],
  ['an annotated tag', () => 'v1'],
  ['the newest commit', () => second],
  ['an older commit', () => `${second}~2`],
  ['a short commit', () => first.slice(0, 9)],
];

describe.each(SERVERS)('%s', (_, server) => {
  test.each(drawn(REFERENCES, 2))('%s is fetched and read', async (_name, named) => {
    use(server);
    const reference = named().includes('~') ? repository.resolve(named()) : named();
    expect(await read(await make('cache'), reference)).toEqual(contentOf(reference));
  });

  test('one commit after the other comes into one cache, older ones, too', async () => {
    use(server);
    const cache = await make('cache');
    for (const reference of ['v1', 'main', repository.resolve(`${first}~1`), first.slice(0, 9), 'main']) {
      expect(await read(cache, reference)).toEqual(contentOf(reference));
    }
  });

  test('a commit that is cached costs no question but the one for its name', async () => {
    const cache = await make('cache');
    use(server);
    await read(cache, 'main');
    http.forget();
    await read(cache, 'main');
    expect(http.questions().length).toBe(server.protocolV2 ? 2 : 1);
    http.forget();
    await read(cache, second);
    expect(http.questions()).toEqual([]);
  });
});

test('where the server can, no content outside the patterns and no history is in the cache', async () => {
  const cache = await make('cache');
  use({ protocolV2: true, config: [FILTER] });
  await read(cache, 'main');
  const wanted = contentOf('main').map(([path]) => repository.git(['rev-parse', `main:${path}`]));
  expect(new Set(cached(cache))).toEqual(new Set(wanted));
  expect(cached(cache, 'commit')).toEqual([second]);
});

test('without filter there is no history in the cache either', async () => {
  const cache = await make('cache');
  use({ protocolV2: true, config: [] });
  await read(cache, 'main');
  expect(cached(cache, 'commit')).toEqual([second]);
});

test('at most three questions: for the name, the commit and its files', async () => {
  use({ protocolV2: true, config: [FILTER] });
  await read(await make('cache'), 'main');
  // Each greets and is answered; a fetch by id asks for names first.
  expect(http.questions().filter((question) => question.startsWith('GET'))).toHaveLength(3);
});

describe('a second deployment', () => {
  test.each(SERVERS.slice(0, 4))('%s: fetches only what is different', async (_name, server) => {
    const large = GitRepository.create(join(await make('repositories'), 'large.git'));
    execFileSync('ln', ['-s', large.directory, join(root, `large-${_name.replaceAll(' ', '-')}.git`)]);
    const name = `large-${_name.replaceAll(' ', '-')}.git`;
    const files = Array.from({ length: 400 }, (_unused, index) => [
      `src/m${index}.py`,
      `${index} ${Math.sin(index)}`,
    ]);
    large.commit({ ...ENGINE, ...Object.fromEntries(files) });
    use(server);
    const cache = await make('cache');
    await withBundle(options(cache, 'main', name), async () => undefined);
    const whole = http.bytes();
    large.commit({ 'src/m7.py': 'changed' });
    http.forget();
    await withBundle(options(cache, 'main', name), async (bundle) => {
      expect(await readAll(bundle, ['src/m7.py'])).toEqual([['src/m7.py', 'changed']]);
    });
    expect(http.bytes()).toBeLessThan(whole / 3);
    expect(http.bytes()).toBeLessThan(12_000);
  });
});

test('what is said to have changed outside the patterns since a commit is true', async () => {
  use({ protocolV2: true, config: [FILTER] });
  const live = { type: 'git' as const, commit: asCommit(first), repository: `${http.url}engine.git` };
  await withBundle(
    options(await make('cache')),
    async ({ ignored }) => {
      expect(ignored).toEqual({ paths: ['docs/large.txt'], count: 1, since: first });
    },
    live,
  );
});

test('where the live commit can’t be had any more, everything outside the patterns is named', async () => {
  use({ protocolV2: true, config: [FILTER] });
  const live = {
    type: 'git' as const,
    commit: asCommit('b'.repeat(40)),
    repository: `${http.url}engine.git`,
  };
  await withBundle(
    options(await make('cache')),
    async ({ ignored }) => {
      expect(ignored.paths).toEqual(['README.md', 'docs/']);
    },
    live,
  );
});

test('a server that only gives what it advertises is not asked for everything just to tell what changed beside', async () => {
  use({ protocolV2: false, config: [] });
  const live = { type: 'git' as const, commit: asCommit(first), repository: `${http.url}engine.git` };
  const cache = await make('cache');
  await withBundle(
    options(cache),
    async ({ ignored }) => {
      expect(ignored.paths).toEqual(['README.md', 'docs/']);
    },
    live,
  );
  expect(cached(cache, 'commit')).toEqual([second]);
});
