import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DependencyOptions } from '../../../nodes/shared/dependencies/installOptions';
import { deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';
import { type PackageIndex, startPackageIndex } from '../../support/packageIndex';
import { thrownBy } from '../../support/thrown';
import {
  offline,
  UV_DIRECTORY,
  withoutInstallerSettings,
  writeKeywords,
  writeWheel,
} from '../../support/wheels';

jest.setTimeout(120_000);
withoutInstallerSettings();
const make = temporaryDirectories();
/** Two indexes that hold different things, and a directory with everything. */
let here: PackageIndex;
let there: PackageIndex;
let wheelhouse: string;
let wheel: string;
let source: string;
let path: string | undefined;

beforeAll(async () => {
  path = process.env.PATH;
  const [first, second] = [await make('index'), await make('index')];
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) wheel = writeKeywords(wheelhouse, version);
  writeKeywords(first, '1');
  for (const name of ['phrases', 'keywords']) writeWheel(second, { name, version: '2' });
  here = await startPackageIndex(first);
  there = await startPackageIndex(second);
});
afterAll(() => Promise.all([here.close(), there.close()]));
beforeEach(async () => {
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
  [source] = await engineVersions(make, 'base');
});
afterEach(() => {
  process.env.PATH = path;
});

/** Deploys with these files beside the engine, and gives what is installed then. */
async function installed(files: Record<string, string>, options: Partial<DependencyOptions>) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(source, name), text);
  const base = await make();
  const selection = {
    include: ['src/**', 'config/**', 'run.py', '*.txt', '*.lock', '*.toml', 'wheels/**', 'requirements/**'],
    exclude: [],
  };
  const { dependencies } = await deployTo(base, source, {
    selection,
    dependencies: offline(wheelhouse, options),
  });
  const python = join(base, 'current/.venv/bin/python');
  const list =
    'import importlib.metadata as m; print(sorted(d.metadata["Name"] + " " + d.version for d in m.distributions()))';
  expect(execFileSync(python, ['-c', list], { encoding: 'utf8' })).toContain(
    `'${dependencies.packages?.added[0].name} ${dependencies.packages?.added[0].version}'`,
  );
  return {
    ...dependencies,
    added: dependencies.packages?.added.map(({ name, version }) => `${name} ${version}`),
  };
}

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe.each(['pip', 'uv'] as const)('with %s', (installer) => {
  const online = { installer, noIndex: false, findLinks: [] };

  test('an extra index is asked, too', async () => {
    const options = { ...online, indexUrl: here.url, extraIndexUrls: [there.url] };
    const { added } = await installed({ 'requirements.txt': 'keywords==1\nphrases\n' }, options);
    expect(added).toEqual(['keywords 1', 'phrases 2']);
  });

  test('an address that lists packages is one of Find Links', async () => {
    const options = { installer, findLinks: [`${there.url}phrases/`] };
    expect((await installed({ 'requirements.txt': 'phrases\n' }, options)).added).toEqual(['phrases 2']);
  });

  test('a wheelhouse and further requirements travel in the release, wherever they are named', async () => {
    mkdirSync(join(source, 'wheels'));
    mkdirSync(join(source, 'requirements'));
    for (const version of ['1', '2']) writeKeywords(join(source, 'wheels'), version);
    const files = {
      'requirements.txt': '-r requirements/base.txt\n-c requirements/limits.txt\n',
      'requirements/base.txt': 'keywords\n',
      'requirements/limits.txt': 'keywords<2\n',
    };
    expect((await installed(files, { installer, findLinks: ['wheels'] })).added).toEqual(['keywords 1']);
    const named = { ...files, 'requirements.txt': `--no-index\n-f wheels\n${files['requirements.txt']}` };
    const options = { installer, noIndex: false, findLinks: [] };
    expect((await installed(named, options)).added).toEqual(['keywords 1']);
  });

  test('requirements in UTF-16, as PowerShell writes them, are read as they are meant: a new wheel is a new environment', async () => {
    mkdirSync(join(source, 'wheels'));
    writeKeywords(join(source, 'wheels'), '1');
    const text = '\uFEFF--no-index\r\n--find-links wheels\r\nkeywords\r\n';
    await writeFile(join(source, 'requirements.txt'), Buffer.from(text, 'utf16le'));
    const base = await make();
    const selection = { include: ['src/**', 'config/**', 'run.py', '*.txt', 'wheels/**'], exclude: [] };
    const options = { ...online, mode: 'virtualEnvironment' as const };
    const deployed = async () =>
      (await deployTo(base, source, { selection, dependencies: { ...offline(wheelhouse), ...options } }))
        .dependencies;
    expect((await deployed()).packages?.added).toEqual([{ name: 'keywords', version: '1' }]);
    writeKeywords(join(source, 'wheels'), '2');
    expect(await deployed()).toMatchObject({
      status: 'built',
      packages: { changed: [expect.objectContaining({ name: 'keywords', from: '1', to: '2' })] },
    });
  });

  test('a wheel whose own tag is another platform’s is installed, and “pip check” is quoted', async () => {
    const directory = await make('tagged');
    const tagged = writeWheel(directory, { name: 'tiny', version: '1', tag: 'cp39-cp39-linux_x86_64' });
    renameSync(tagged, join(directory, 'tiny-1-py3-none-any.whl'));
    const result = await installed({ 'requirements.txt': 'tiny\n' }, { installer, findLinks: [directory] });
    expect(result).toMatchObject({ status: 'built', added: ['tiny 1'] });
    expect(result.notice).toMatch(
      /^“pip check” says: (tiny 1 is not supported on this platform|The package `tiny` was built for a different platform)\.$/,
    );
  });

  test('a constraints file limits what is taken', async () => {
    const files = { 'requirements.txt': 'keywords\n', 'limits.txt': 'keywords<2\n' };
    expect((await installed(files, { installer })).added).toEqual(['keywords 2']);
    expect((await installed(files, { installer, constraints: 'limits.txt' })).added).toEqual(['keywords 1']);
  });

  test('hashes that are required and given are enough', async () => {
    const files = { 'requirements.txt': `keywords==2 --hash=sha256:${hashOf(wheel)}\n` };
    expect((await installed(files, { installer, requireHashes: true })).added).toEqual(['keywords 2']);
  });

  test('requirements.lock is installed from, and requirements.txt is not', async () => {
    const files = { 'requirements.txt': 'keywords==2\n', 'requirements.lock': 'keywords==1\n' };
    expect(await installed(files, { installer })).toMatchObject({
      added: ['keywords 1'],
      file: 'requirements.lock',
    });
  });

  test.each([
    ['extra-index-url', () => `index-url = ${here.url}\nextra-index-url = ${there.url}\n`, 'keywords 2'],
    ['no-index and find-links', () => `no-index = true\nfind-links = ${wheelhouse}\n`, 'keywords 2'],
    [
      'constraint',
      (limits: string) => `no-index = true\nfind-links = ${wheelhouse}\nconstraint = ${limits}\n`,
      'keywords 1',
    ],
  ])('pip’s own setting %s on the host is honoured', async (_, settings, expected) => {
    const home = await make('home');
    await mkdir(join(home, '.config/pip'), { recursive: true });
    const limits = join(home, 'limits.txt');
    await writeFile(limits, 'keywords<2\n');
    await writeFile(join(home, '.config/pip/pip.conf'), `[global]\n${settings(limits)}`);
    const saved = { HOME: process.env.HOME, PIP_CONFIG_FILE: process.env.PIP_CONFIG_FILE };
    process.env.HOME = home;
    delete process.env.PIP_CONFIG_FILE;
    try {
      expect((await installed({ 'requirements.txt': 'keywords\n' }, online)).added).toEqual([expected]);
    } finally {
      Object.assign(process.env, saved);
    }
  });

  test('pip’s own setting require-hashes on the host is honoured', async () => {
    process.env.PIP_REQUIRE_HASHES = '1';
    try {
      const refused = await thrownBy(installed({ 'requirements.txt': 'keywords==1\n' }, { installer }));
      expect(refused.message).toMatch(/installed: hashes are required, and a requirement has none/);
    } finally {
      delete process.env.PIP_REQUIRE_HASHES;
    }
  });
});

test('uv is used where it is found, pip otherwise, and the output says which', async () => {
  const files = { 'requirements.txt': 'keywords==1\n' };
  expect((await installed(files, {})).installer).toMatch(/^uv \d+\./);
  process.env.PATH = path;
  expect((await installed(files, {})).installer).toMatch(/^pip \d+\./);
});

describe('pylock.toml', () => {
  const lock = () => `lock-version = "1.0"
created-by = "a test"
[[packages]]
name = "keywords"
version = "2"
[[packages.wheels]]
name = "keywords-2-py3-none-any.whl"
path = "${wheel}"
hashes = { sha256 = "${hashOf(wheel)}" }
`;

  test('is installed from by uv', async () => {
    const files = { 'pylock.toml': lock() };
    await rm(join(source, 'requirements.txt'));
    const result = await installed(files, { installer: 'uv', noIndex: false, findLinks: [] });
    expect(result).toMatchObject({ added: ['keywords 2'], file: 'pylock.toml' });
  });

  test('is a sentence where pip is too old to know it', async () => {
    const refused = await thrownBy(installed({ 'pylock.toml': lock() }, { installer: 'pip' }));
    expect(refused.message).toMatch(
      /^The packages of pylock\.toml could not be installed: the pip on the engine’s side is too old/,
    );
  });
});
