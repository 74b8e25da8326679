import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';

const make = temporaryDirectories();

/** Paths below `directory` of everything that is no directory. */
const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

test('P2: no two releases share a file, read-only bytecode aside: an edit by hand reaches one release only', async () => {
  const [base, v2] = await engineVersions(make, 'base', 'v2');
  for (let round = 0; round < 2; round++) await deployTo(base, v2, { deployUnchanged: true });
  const shared = filesIn(join(base, 'releases')).filter((path) => lstatSync(path).nlink > 1);
  expect(shared.length).toBeGreaterThan(0);
  for (const path of shared) {
    expect(path).toMatch(/\/__pycache__\/[^/]+\.pyc$/);
    expect(lstatSync(path).mode & 0o222).toBe(0);
  }
});
