import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';
import { type PackageIndex, startPackageIndex } from '../../support/packageIndex';
import { thrownBy } from '../../support/thrown';
import { offline, UV_DIRECTORY, withoutInstallerSettings, writeKeywords } from '../../support/wheels';

jest.setTimeout(60_000);
withoutInstallerSettings();
const make = temporaryDirectories();
const USERNAME = 'deployer';
const PASSWORD = 'pkg-7f3a9c1e5b-s3cret';
let wheelhouse: string;
let source: string;
let path: string | undefined;
let index: PackageIndex;

beforeAll(async () => {
  path = process.env.PATH;
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
  [source] = await engineVersions(make, 'base');
  await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
  index = await startPackageIndex(wheelhouse, { username: USERNAME, password: PASSWORD });
});
afterAll(async () => {
  process.env.PATH = path;
  await index.close();
});

/** Everything that could be seen of processes meanwhile: command lines and environments. */
function seenOfProcesses(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
    .map((file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

describe.each(['pip', 'uv'] as const)('a private index, with %s', (installer) => {
  const options = (password: string) => ({
    dependencies: offline(wheelhouse, {
      installer,
      noIndex: false,
      findLinks: [],
      indexUrl: index.url,
      credentials: { url: index.url, username: USERNAME, password },
    }),
  });

  test('P7: gets the credentials, which are on no command line, in no environment, output or file', async () => {
    const base = await make();
    const home = await make('home');
    let seen = '';
    const watching = setInterval(() => (seen += seenOfProcesses()), 20);
    const saved = process.env.HOME;
    process.env.HOME = home;
    try {
      const result = await deployTo(base, source, {
        ...options(PASSWORD),
        onStep: ({ text = '' }) => (seen += text),
      });
      expect(result.dependencies).toMatchObject({
        status: 'built',
        installer: expect.stringContaining(installer),
      });
      seen += JSON.stringify(result);
    } finally {
      clearInterval(watching);
      process.env.HOME = saved;
    }
    expect(
      index.requests.some(({ path: asked, authorized }) => authorized && asked.startsWith('/files/')),
    ).toBe(true);
    // The watching itself: it saw the installer at work.
    expect(seen).toContain('keywords');
    expect(seen).toContain('NETRC=/proc/');
    expect(seen).not.toContain(PASSWORD);
    for (const place of [base, home]) {
      expect(() => execFileSync('grep', ['-r', '-l', '-a', PASSWORD, place])).toThrow();
    }
  });

  test('says so when it does not accept them', async () => {
    const refused = await thrownBy(deployTo(await make(), source, options('wrong')));
    // pip keeps to itself that it was refused.
    const said = installer === 'uv' ? refused.message : refused.description;
    expect(said).toMatch(/does not accept the credentials/);
    expect(JSON.stringify([refused.message, refused.description, refused.details])).not.toContain(PASSWORD);
  });
});

test.each([
  [{ username: '', password: 'x' }, /Username is empty/],
  [{ username: 'x', password: '' }, /Password is empty/],
  [{ username: 'x', password: 'two words' }, /holds a space, quote or backslash/],
])('credentials that no netrc file can hold are a sentence: %j', async (given, says) => {
  const credentials = { url: index.url, ...given };
  const options = { dependencies: offline(wheelhouse, { indexUrl: index.url, credentials }) };
  const refused = await thrownBy(deployTo(await make(), source, options));
  expect(refused).toMatchObject({ code: 'INPUT', message: expect.stringMatching(says) });
  expect(refused.message).not.toContain('two words');
  expect(refused.description).toMatch(/access token/);
});

describe('pip’s own settings on the host are honoured', () => {
  test.each(['pip', 'uv'] as const)('by %s', async (installer) => {
    const open = await startPackageIndex(wheelhouse);
    const home = await make('home');
    await mkdir(join(home, '.config/pip'), { recursive: true });
    await writeFile(join(home, '.config/pip/pip.conf'), `[global]\nindex-url = ${open.url}\n`);
    const saved = { HOME: process.env.HOME, PIP_CONFIG_FILE: process.env.PIP_CONFIG_FILE };
    process.env.HOME = home;
    delete process.env.PIP_CONFIG_FILE;
    try {
      const dependencies = offline(wheelhouse, { installer, noIndex: false, findLinks: [] });
      const result = await deployTo(await make(), source, { dependencies });
      expect(result.dependencies.status).toBe('built');
      expect(open.requests.map(({ path: asked }) => asked)).toContain('/simple/keywords/');
    } finally {
      Object.assign(process.env, saved);
      await open.close();
    }
  });
});
