import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { changedPython } from '../../support/changedPython';
import { deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
let v1: string;

beforeAll(async () => {
  [v1] = await engineVersions(make, 'base');
});

/** An interpreter of a user who may not make directories: the tests' own user may do everything. */
async function pythonOfAnother(): Promise<string> {
  return changedPython(
    await make('python'),
    'python-of-another',
    `def denied(path, *arguments, **options):
    raise PermissionError(13, os.strerror(13), path)
os.makedirs = denied`,
  );
}

test('a base path that is a file is said to be none', async () => {
  const base = join(await make(), 'data.txt');
  writeFileSync(base, '');
  const error = await thrownBy(deployTo(base, v1));
  expect(error.message).toContain(`Base Path ${base} is not a directory on the engine's side.`);
});

test.each([
  ['that is there', (root: string) => root, 'write to Base Path'],
  ['that would have to be made', (root: string) => join(root, 'app'), 'make Base Path'],
])('a base path %s, and is closed to the user, is named with what helps', async (_title, at, what) => {
  const base = at(await make());
  const error = await thrownBy(deployTo(base, v1, {}, { python: await pythonOfAnother() }));
  expect(error.message).toContain(`The user on the engine's side may not ${what} ${base}`);
  expect(error.description).toContain('set Become');
});
