import { join } from 'node:path';

import { temporaryDirectories } from '../../support/deployment';
import { commitOf, ENGINE, gitOptions, withBundle } from '../../support/git';
import { type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
let http: GitHttp;
let repository: GitRepository;
let first: string, second: string, side: string;

beforeAll(async () => {
  const root = await make('repositories');
  http = await startGitHttp({ root, config: ['uploadpack.allowFilter=true'] });
  repository = GitRepository.create(join(root, 'engine.git'));
  first = repository.commit(ENGINE);
  repository.tag('v1', first);
  repository.tag('v1-annotated', first, 'The first');
  second = repository.commit({ 'src/main.py': 'VALUE = 2\n' });
  side = repository.commit({ 'src/side.py': '' }, { branch: 'feature/side', from: first });
  repository.tag('both', first);
  repository.git(['branch', 'both', second]);
  repository.tag('alike', second);
  repository.git(['branch', 'alike', second]);
  repository.git(['update-ref', 'refs/remotes/other/refs/heads/hidden', side]);
  repository.git(['update-ref', 'refs/pull/7/head', side]);
  repository.git(['branch', 'heads/odd', side]);
  GitRepository.create(join(root, 'empty.git'));
});
afterAll(() => http.close());

async function resolve(reference: string, name = 'engine.git'): Promise<string | undefined> {
  return commitOf(gitOptions(http.url + name, await make('cache'), { reference }));
}

const CASES: Array<[string, () => string]> = [
  ['', () => second],
  ['HEAD', () => second],
  ['main', () => second],
  ['heads/main', () => second],
  ['refs/heads/main', () => second],
  ['feature/side', () => side],
  ['v1', () => first],
  ['tags/v1', () => first],
  ['v1-annotated', () => first],
  ['tags/v1-annotated', () => first],
  ['refs/tags/v1-annotated', () => first],
  ['alike', () => second],
  ['heads/both', () => second],
  ['refs/tags/both', () => first],
  ['refs/pull/7/head', () => side],
  ['heads/odd', () => side],
];

test.each(CASES)('“%s” means its commit, asked for with one question', async (reference, expected) => {
  http.forget();
  expect(await resolve(reference)).toBe(expected());
  // Over HTTP, one `ls-remote` is the server's greeting and one answer.
  expect(http.questions()).toEqual([
    'GET /engine.git/info/refs?service=git-upload-pack',
    'POST /engine.git/git-upload-pack',
  ]);
});

test('a full commit is known without any question', async () => {
  http.forget();
  expect(await resolve(first)).toBe(first);
  expect(await resolve(first.toUpperCase())).toBe(first);
  expect(http.requests).toEqual([]);
});

test.each([4, 7, 12, 39])(
  'the first %d digits of a commit are enough, whatever led to it',
  async (digits) => {
    expect(await resolve(side.slice(0, digits))).toBe(side);
    expect(await resolve(first.slice(0, digits).toUpperCase())).toBe(first);
  },
);

test('a short commit is found although its branch was deployed before, and its content can be read', async () => {
  const cache = await make('cache');
  await withBundle(gitOptions(`${http.url}engine.git`, cache), async ({ source }) => {
    expect(source.commit).toBe(second);
  });
  const options = gitOptions(`${http.url}engine.git`, cache, { reference: first.slice(0, 8) });
  await withBundle(options, async ({ source, entries }) => {
    expect(source.commit).toBe(first);
    expect(entries.find(({ path }) => path === 'src/main.py')?.size).toBe(10);
  });
});

test('digits that several commits begin with are refused, saying how many', async () => {
  const directory = join(await make('repositories'), 'many.git');
  const many = GitRepository.create(directory);
  const tip = many.commitAll(Array.from({ length: 700 }, (_, index) => ({ 'run.py': `${index}` })));
  const all = many.git(['rev-list', tip]).split('\n');
  const starts = all.map((id) => id.slice(0, 4));
  const twice = starts.find((start, index) => starts.indexOf(start) !== index);
  if (!twice) throw new Error('the repository has no two commits that begin alike');
  const options = gitOptions(many.url, await make('cache'), { reference: twice });
  const error = await thrownBy(commitOf(options));
  expect(error).toMatchObject({
    code: 'INPUT',
    message: expect.stringMatching(/is the beginning of 2 commits/),
  });
});

test('a branch and a tag of one name that differ are refused, saying how to write them', async () => {
  const error = await thrownBy(resolve('both'));
  expect(error).toMatchObject({
    code: 'INPUT',
    message: 'Reference “both” is both a branch and a tag, and they are not the same commit.',
    description: expect.stringMatching(/refs\/heads\/both or refs\/tags\/both/),
  });
});

test.each(['nothing', 'hidden', 'refs/heads/nothing', 'MAIN', 'abcdef1'])(
  '“%s” is not there',
  async (reference) => {
    const error = await thrownBy(resolve(reference));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.message).toMatch(new RegExp(`has no branch, tag or commit “${reference}”`));
  },
);

test('a full commit that nobody has is not there', async () => {
  const options = gitOptions(`${http.url}engine.git`, await make('cache'), { reference: 'a'.repeat(40) });
  const error = await thrownBy(withBundle(options, async () => undefined));
  expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(/has no commit aaaa/) });
});

test('the id of a file is no commit', async () => {
  const reference = repository.git(['rev-parse', 'main:run.py']);
  const options = gitOptions(`${http.url}engine.git`, await make('cache'), { reference });
  expect(await thrownBy(withBundle(options, async () => undefined))).toMatchObject({ code: 'NOT_FOUND' });
});

test.each(['', 'main'])('an empty repository has nothing at “%s”', async (reference) => {
  const error = await thrownBy(resolve(reference, 'empty.git'));
  expect(error.code).toBe('NOT_FOUND');
  expect(error.message).toMatch(reference ? /has no branch, tag or commit “main”/ : /has no commits yet/);
});

test('a repository that is not there is said to be', async () => {
  const error = await thrownBy(resolve('main', 'nothing.git'));
  expect(error).toMatchObject({ code: 'CONNECTION', message: expect.stringMatching(/does not exist there/) });
});

test('a server that is not there is said to be', async () => {
  const options = gitOptions('http://127.0.0.1:9/engine.git', await make('cache'));
  const error = await thrownBy(commitOf(options));
  expect(error).toMatchObject({ code: 'CONNECTION', message: expect.stringMatching(/can’t be reached/) });
});
