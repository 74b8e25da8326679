import { asCommit } from '../../support/named';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readAll } from '../../support/bundles';
import { temporaryDirectories } from '../../support/deployment';
import { ENGINE, gitOptions, withBundle } from '../../support/git';
import { type GitFiles, GitRepository } from '../../support/gitRepositories';
import { thrownBy } from '../../support/thrown';
import type { GitSourceOptions } from '../../../nodes/shared/git/commitSource';

const make = temporaryDirectories();

async function repositoryOf(...commits: GitFiles[]): Promise<GitRepository> {
  const repository = GitRepository.create(await make('repository'));
  for (const files of commits) repository.commit(files);
  return repository;
}

async function optionsFor(
  { url }: GitRepository,
  changes: Partial<GitSourceOptions> = {},
): Promise<GitSourceOptions> {
  return gitOptions(url, await make('cache'), changes);
}

const ODD_NAMES = [
  'with space',
  ' ',
  '-rf',
  "it's",
  '"quoted"',
  'new\nline',
  'tab\tname',
  'back\\slash',
  'ünïcödé',
  '日本',
  '\u{1f600}',
  'a:b',
  '*',
  '$(touch x)',
  '.hidden',
  '\r',
  'x'.repeat(255),
  'C:\\windows',
  'A\u0301',
];

test('files keep their names, whatever they are, and every byte', async () => {
  const files = Object.fromEntries(ODD_NAMES.map((name, index) => [`src/${name}/${name}`, `${index}\r\n`]));
  const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
  const repository = await repositoryOf({ ...ENGINE, ...files, 'src/bytes': bytes, 'src/empty': '' });
  await withBundle(await optionsFor(repository), async (bundle) => {
    expect(bundle.entries.map(({ path }) => path)).toEqual(expect.arrayContaining(Object.keys(files)));
    for (const [path, content] of await readAll(bundle, Object.keys(files)))
      expect(content).toBe(files[path]);
    expect(bundle.entries.find(({ path }) => path === 'src/bytes')).toMatchObject({
      size: 1024,
      digest: createHash('sha256').update(bytes).digest('hex'),
    });
  });
});

test('executable bits and links are kept, other bits are not there', async () => {
  const repository = await repositoryOf({
    ...ENGINE,
    'src/tool': { run: '#!/bin/sh\n' },
    'src/link': { link: 'main.py' },
    'src/nowhere': { link: 'not/there' },
  });
  await withBundle(await optionsFor(repository), async ({ entries }) => {
    const by = Object.fromEntries(entries.map((entry) => [entry.path, entry]));
    expect(by['src/tool']).toMatchObject({ type: 'file', mode: 0o555 });
    expect(by['src/main.py']).toMatchObject({ type: 'file', mode: 0o444 });
    expect(by['src/link']).toMatchObject({ type: 'link', target: 'main.py', size: 0 });
    expect(by['src/nowhere']).toMatchObject({ type: 'link', target: 'not/there' });
  });
});

test('content is what the commit holds: no line ending, keyword, encoding or filter of .gitattributes is applied', async () => {
  const attributes = [
    '* text=auto eol=crlf',
    '*.py ident filter=evil',
    '*.txt working-tree-encoding=UTF-16',
    'src/hidden.py export-ignore',
    'src/keyword.txt export-subst',
  ];
  const files = {
    'src/main.py': 'a\nb\n$Id$\n',
    'src/windows.py': 'a\r\nb\r\n',
    'src/note.txt': 'ä\n',
    'src/hidden.py': 'still here\n',
    'src/keyword.txt': '$Format:%H$\n',
  };
  const repository = await repositoryOf({
    ...ENGINE,
    ...files,
    '.gitattributes': attributes.join('\n'),
    'src/.gitattributes': attributes.join('\n'),
  });
  await withBundle(await optionsFor(repository), async (bundle) => {
    expect(Object.fromEntries(await readAll(bundle, Object.keys(files)))).toEqual(files);
  });
});

test('the same content at several places, as file and as link, is each what it is', async () => {
  const repository = await repositoryOf({
    ...ENGINE,
    'src/a': 'main.py',
    'src/b': { run: 'main.py' },
    'src/c': { link: 'main.py' },
  });
  await withBundle(await optionsFor(repository), async (bundle) => {
    const kinds = bundle.entries
      .filter(({ path }) => /^src\/[abc]$/.test(path))
      .map(({ type, mode }) => [type, mode]);
    expect(kinds).toEqual([
      ['file', 0o444],
      ['file', 0o555],
      ['link', 0o777],
    ]);
    expect(await readAll(bundle, ['src/b', 'src/c'])).toEqual([['src/b', 'main.py']]);
  });
});

test('a subdirectory is the top of what is deployed', async () => {
  const inner = Object.fromEntries(
    Object.entries(ENGINE).map(([path, text]) => [`services/my engine/${path}`, text]),
  );
  const repository = await repositoryOf({ ...inner, 'run.py': 'another' });
  for (const subdirectory of ['services/my engine', './services/my engine/', ' services/my engine ']) {
    await withBundle(await optionsFor(repository, { subdirectory }), async (bundle) => {
      expect(bundle.source).toMatchObject({ subdirectory: 'services/my engine' });
      expect(bundle.entries.map(({ path }) => path)).toContain('run.py');
      expect(await readAll(bundle, ['run.py'])).toEqual([['run.py', ENGINE['run.py']]]);
      expect(bundle.ignored.paths).toEqual(['README.md', 'docs/']);
    });
  }
});

test.each([
  ['nothing', 'NOT_FOUND', /"nothing" is not there in commit/],
  ['run.py', 'NOT_FOUND', /"run.py" is not a directory in commit/],
  ['run.py/x', 'NOT_FOUND', /is not there/],
  ['sr*', 'NOT_FOUND', /is not there/],
  [':(top)src', 'NOT_FOUND', /is not there/],
  ['../src', 'INPUT', /^Subdirectory "..\/src" is not a path inside the repository/],
  ['/src', 'INPUT', /^Subdirectory "\/src" is not a path inside the repository/],
])('%s is no subdirectory', async (subdirectory, code, message) => {
  const repository = await repositoryOf(ENGINE);
  const error = await thrownBy(
    withBundle(await optionsFor(repository, { subdirectory }), async () => undefined),
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

const SUBMODULE = { submodule: 'c'.repeat(40) };
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;

test('a submodule that the patterns select is refused with a sentence, one that they leave out is not', async () => {
  const repository = await repositoryOf({ ...ENGINE, 'src/vendor': SUBMODULE, other: SUBMODULE });
  const error = await thrownBy(withBundle(await optionsFor(repository), async () => undefined));
  expect(error).toMatchObject({
    code: 'INPUT',
    message: '"src/vendor" is a submodule, which is not fetched.',
    description: expect.stringMatching(/Leave it out with Exclude/),
  });
  const selection = { include: ['src/**', 'run.py'], exclude: ['src/vendor'] };
  await withBundle(await optionsFor(repository, { selection }), async ({ entries }) => {
    expect(entries.map(({ path }) => path)).toEqual(['run.py', 'src/main.py']);
  });
});

test('a file kept in Git LFS is refused with a sentence, one that the patterns leave out is not', async () => {
  const repository = await repositoryOf({ ...ENGINE, 'src/model.bin': POINTER, 'docs/large.png': POINTER });
  const error = await thrownBy(withBundle(await optionsFor(repository), async () => undefined));
  expect(error).toMatchObject({
    code: 'INPUT',
    message: '"src/model.bin" is kept in Git LFS, which is not fetched.',
    description: expect.stringMatching(/Leave it out with Exclude/),
  });
  const selection = { include: ['src/**', 'run.py'], exclude: ['src/*.bin'] };
  await withBundle(await optionsFor(repository, { selection }), async ({ entries }) => {
    expect(entries).toHaveLength(2);
  });
});

test('a commit of which the patterns select nothing is refused, naming what it holds', async () => {
  const repository = await repositoryOf({ 'lib/main.py': '', 'setup.py': '' });
  const error = await thrownBy(withBundle(await optionsFor(repository), async () => undefined));
  expect(error.code).toBe('INPUT');
  expect(error.message).toMatch(/Nothing in commit [0-9a-f]{12} of file:.* it holds "lib", "setup.py"/);
});

test('limits count every file, also when several have the same content', async () => {
  const copies = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`src/${index}`, 'x'.repeat(1000)]),
  );
  const repository = await repositoryOf({ 'run.py': '', ...copies });
  const limits = { maxBytes: 5000, maxEntries: 100 };
  const bytes = await thrownBy(withBundle(await optionsFor(repository, { limits }), async () => undefined));
  expect(bytes).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/more than 5,000 bytes/) });
  const few = { maxBytes: 1e6, maxEntries: 10 };
  const entries = await thrownBy(
    withBundle(await optionsFor(repository, { limits: few }), async () => undefined),
  );
  expect(entries).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/more than 10 entries/) });
});

test('a renamed file is one that went and one that came, with the same content', async () => {
  const repository = await repositoryOf(ENGINE, {
    'src/main.py': null,
    'src/renamed.py': ENGINE['src/main.py'],
  });
  await withBundle(await optionsFor(repository), async (bundle) => {
    const paths = bundle.entries.map(({ path }) => path);
    expect(paths).toContain('src/renamed.py');
    expect(paths).not.toContain('src/main.py');
  });
});

test('a repository with SHA-256 ids is read like any other', async () => {
  const repository = GitRepository.create(await make('repository'), '--object-format=sha256');
  const first = repository.commit(ENGINE);
  const second = repository.commit({ 'src/main.py': '2' });
  for (const [reference, commit] of [
    ['main', second],
    [first, first],
    [first.slice(0, 10), first],
  ]) {
    await withBundle(await optionsFor(repository, { reference }), async (bundle) => {
      expect(bundle.source.commit).toBe(commit);
      expect(await readAll(bundle, ['run.py'])).toEqual([['run.py', ENGINE['run.py']]]);
    });
  }
});

test('what changed outside the patterns and outside the subdirectory is told apart', async () => {
  const repository = await repositoryOf({ ...ENGINE, 'app/run.py': '1', 'app/notes.md': '1' });
  const live = repository.resolve('main');
  repository.commit({ 'README.md': '2', 'app/run.py': '2', 'app/notes.md': '2', 'app/new name.md': '' });
  const options = await optionsFor(repository, { subdirectory: 'app' });
  const source = {
    type: 'git' as const,
    commit: asCommit(live),
    repository: repository.url,
    subdirectory: 'app',
  };
  await withBundle(
    options,
    async ({ ignored }) => {
      expect(ignored.paths.sort()).toEqual(['/README.md', 'new name.md', 'notes.md']);
    },
    source,
  );
});

test('P2: a launcher of ours that was committed is refused as such', async () => {
  const launcher = readFileSync(join(__dirname, '../../../executor/launcher.py'));
  const repository = await repositoryOf({ ...ENGINE, 'run.py': launcher });
  const refusal = await thrownBy(withBundle(await optionsFor(repository), async () => undefined));
  expect(refusal).toMatchObject({ code: 'INPUT' });
  expect(refusal.message).toContain('"run.py" is a launcher of Hot Deploy');
});
