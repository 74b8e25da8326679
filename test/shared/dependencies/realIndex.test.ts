/** Installs from the index that pip is configured with here, PyPI or a mirror of it; reported as skipped without one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NO_DEPENDENCIES } from '../../../nodes/shared/dependencies/installOptions';
import { deployTo, engineVersions, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { UV_DIRECTORY, writeKeywords } from '../../support/wheels';

jest.setTimeout(180_000);
const make = temporaryDirectories();
const path = process.env.PATH;

/** A small package without dependencies that has not changed for years, in two versions. */
const OLD = 'six==1.16.0';
const NEW = 'six==1.17.0';

/** Whether a package can be had without what it needs itself. */
function isReachable(requirement: string): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-index-'));
  const ask = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--retries',
    '1',
    '-d',
    directory,
    requirement,
  ];
  const { status } = spawnSync(PYTHON, ask, { stdio: 'ignore', timeout: 60_000 });
  rmSync(directory, { recursive: true, force: true });
  return status === 0;
}

const withIndex = isReachable(OLD) ? test : test.skip;
/** The first pip that installs from a lock; without one the lock is refused, see `sources`. */
const LOCKING = 'pip>=26.1';
const withLocking = isReachable(LOCKING) ? test : test.skip;

beforeAll(() => {
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
});

afterAll(() => {
  process.env.PATH = path;
});

withIndex.each(['pip', 'uv'] as const)('from the real index, with %s, and back again', async (installer) => {
  const base = await make();
  const [source] = await engineVersions(make, 'base');
  const dependencies = { ...NO_DEPENDENCIES, mode: 'virtualEnvironment' as const, installer };
  const live = () => {
    const python = join(base, 'current/.venv/bin/python');
    return execFileSync(python, ['-c', 'import six; print(six.__version__)'], { encoding: 'utf8' }).trim();
  };

  await writeFile(join(source, 'requirements.txt'), `${OLD}\n`);
  const first = await deployTo(base, source, { dependencies });
  expect(first.dependencies.packages?.added).toEqual([{ name: 'six', version: '1.16.0' }]);
  expect(first.dependencies.installer).toContain(installer);
  await writeFile(join(source, 'requirements.txt'), `${NEW}\n`);
  const second = await deployTo(base, source, { dependencies });
  expect(second.dependencies.packages?.changed).toEqual([{ name: 'six', from: '1.16.0', to: '1.17.0' }]);
  expect(live()).toBe('1.17.0');
  const back = await rollBackTo(base, { target: 'previous' });
  expect(back).toMatchObject({ release: first.release, dependencies: { status: 'reused' } });
  expect(live()).toBe('1.16.0');
});

withLocking('a pylock.toml, by a pip that is new enough for it', async () => {
  const environment = join(await make('interpreter'), 'own');
  const python = join(environment, 'bin/python');
  execFileSync(PYTHON, ['-m', 'venv', environment]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', LOCKING]);
  const wheelhouse = await make('wheelhouse');
  const wheel = writeKeywords(wheelhouse, '2');
  const digest = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  const [source] = await engineVersions(make, 'base');
  await writeFile(
    join(source, 'pylock.toml'),
    `lock-version = "1.0"\ncreated-by = "a test"\n[[packages]]\nname = "keywords"\nversion = "2"\n` +
      `[[packages.wheels]]\nname = "keywords-2-py3-none-any.whl"\npath = "${wheel}"\n` +
      `hashes = { sha256 = "${digest}" }\n`,
  );
  const selection = { include: ['src/**', 'config/**', 'run.py', 'pylock.toml'], exclude: [] };
  const dependencies = { ...NO_DEPENDENCIES, mode: 'virtualEnvironment' as const, installer: 'pip' as const };
  const result = await deployTo(await make(), source, { selection, dependencies }, { python });
  expect(result.dependencies).toMatchObject({
    file: 'pylock.toml',
    packages: { added: [{ name: 'keywords', version: '2' }] },
  });
});
