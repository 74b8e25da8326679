/** What a machine that lost its power, or somebody's hand, leaves of the cache: nothing of it needs a person. */
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readAll } from '../../support/bundles';
import { temporaryDirectories } from '../../support/deployment';
import { drawn } from '../../support/drawn';
import { ENGINE, gitOptions, withBundle } from '../../support/git';
import { type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let http: GitHttp;
let repository: GitRepository;
let cache: string;

beforeAll(async () => {
  const root = await make('repositories');
  repository = GitRepository.create(join(root, 'engine.git'));
  http = await startGitHttp({ root, config: ['uploadpack.allowFilter=true'] });
});

beforeEach(async () => {
  cache = await make('cache');
  repository.commit({ ...ENGINE, 'src/main.py': 'VALUE = 1\n' });
});

afterAll(() => http.close());

const read = (reference = 'main') =>
  withBundle(gitOptions(`${http.url}engine.git`, cache, { reference }), (bundle) =>
    readAll(bundle, ['src/main.py']),
  );

/** The one repository in the cache. */
function cached(): string {
  const [name] = readdirSync(join(cache, 'git')).filter((each) => each.endsWith('.git'));
  return join(cache, 'git', name);
}

/** All files below a directory of the cached repository. */
function filesIn(...path: string[]): string[] {
  const top = join(cached(), ...path);
  const all = (readdirSync(top, { recursive: true }) as string[]).map((name) => join(top, name));
  return all.filter((file) => statSync(file).isFile());
}

function overwrite(files: string[], content: string): void {
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    chmodSync(file, 0o644);
    writeFileSync(file, content);
  }
}

const packs = (ending: string) => filesIn('objects', 'pack').filter((file) => file.endsWith(ending));

const DAMAGE: Array<[string, () => void]> = [
  [
    'its packs are cut off',
    () => packs('.pack').forEach((file) => (chmodSync(file, 0o644), truncateSync(file, 60))),
  ],
  ['its packs are empty', () => overwrite(packs('.pack'), '')],
  ['its packs are nonsense', () => overwrite(packs('.pack'), 'x'.repeat(9000))],
  ['the indexes of its packs are empty', () => overwrite(packs('.idx'), '')],
  ['the indexes of its packs are nonsense', () => overwrite(packs('.idx'), 'x'.repeat(9000))],
  ['its packs are gone', () => packs('.pack').forEach((file) => rmSync(file))],
  [
    'its objects are gone, and their names are not',
    () => rmSync(join(cached(), 'objects'), { recursive: true }),
  ],
  ['its names are empty', () => overwrite(filesIn('refs'), '')],
  ['its names are nonsense', () => overwrite(filesIn('refs'), 'nonsense\n')],
  ['its names lead to nothing', () => overwrite(filesIn('refs'), `${'1'.repeat(40)}\n`)],
  ['the list of what is shallow is nonsense', () => writeFileSync(join(cached(), 'shallow'), 'nonsense\n')],
  [
    'the list of what is shallow names what is not there',
    () => writeFileSync(join(cached(), 'shallow'), `${'1'.repeat(40)}\n`),
  ],
  ['HEAD is empty', () => writeFileSync(join(cached(), 'HEAD'), '')],
  ['HEAD is gone', () => rmSync(join(cached(), 'HEAD'))],
  ['its configuration is nonsense', () => writeFileSync(join(cached(), 'config'), '[[[')],
  [
    'it is an empty directory',
    () => {
      const path = cached();
      rmSync(path, { recursive: true });
      mkdirSync(path);
    },
  ],
  [
    'it is a file',
    () => {
      const path = cached();
      rmSync(path, { recursive: true });
      writeFileSync(path, '');
    },
  ],
];

test.each(drawn(DAMAGE, 8))(
  'P5: when %s, the next execution goes straight through, and so does the one after it',
  async (_, damage) => {
    expect(await read()).toEqual([['src/main.py', 'VALUE = 1\n']]);
    damage();
    // What is there already, and what has to be fetched.
    expect(await read()).toEqual([['src/main.py', 'VALUE = 1\n']]);
    repository.commit({ 'src/main.py': 'VALUE = 2\n' });
    expect(await read()).toEqual([['src/main.py', 'VALUE = 2\n']]);
    http.forget();
    // It is a cache again: only the name is asked for.
    expect(await read()).toEqual([['src/main.py', 'VALUE = 2\n']]);
    expect(http.questions()).toHaveLength(2);
  },
);

test.each(drawn(DAMAGE, 6))('P5: when %s, a new commit is fetched none the less', async (_, damage) => {
  await read();
  damage();
  repository.commit({ 'src/main.py': 'VALUE = 3\n' });
  expect(await read()).toEqual([['src/main.py', 'VALUE = 3\n']]);
});

test('P5: what was being removed when n8n was killed is removed', async () => {
  await read();
  const gone = join(cache, 'git', 'x.gone');
  mkdirSync(join(gone, 'objects'), { recursive: true });
  await read();
  expect(readdirSync(join(cache, 'git'))).not.toContain('x.gone');
});
