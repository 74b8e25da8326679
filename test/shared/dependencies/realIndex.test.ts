/** Installs from the index that pip is configured with here, PyPI or a mirror of it; reported as skipped without one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NO_DEPENDENCIES } from '../../../nodes/shared/dependencies/options';
import { deployTo, engineVersions, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { UV_DIRECTORY } from '../../support/wheels';

jest.setTimeout(180_000);
const make = temporaryDirectories();
const path = process.env.PATH;

/** A small package without dependencies that has not changed for years, in two versions. */
const OLD = 'six==1.16.0';
const NEW = 'six==1.17.0';

function isReachable(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-index-'));
  const ask = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--retries', '1', '-d', directory, OLD];
  const { status } = spawnSync(PYTHON, ask, { stdio: 'ignore', timeout: 60_000 });
  rmSync(directory, { recursive: true, force: true });
  return status === 0;
}

const withIndex = isReachable() ? test : test.skip;

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
