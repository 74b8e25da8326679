/** P8: whole deployments of large sources, each in a process of its own, over SSH. */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PYTHON, temporaryDirectories } from '../../support/deployment';
import type { Cost, LargeRequest } from '../../support/largeDeployment';
import { startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';

jest.setTimeout(600_000);
const make = temporaryDirectories();
const FILES = 50_000;
const DIRECTORIES = 500;
/** The program, compiled as it runs, in one process; what it takes is measured there. */
const PROGRAM = join(__dirname, '../../support/largeDeployment.ts');

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

async function costsOf(request: Pick<LargeRequest, 'directory' | 'archive'>): Promise<Cost[]> {
  const child = fork(PROGRAM, { execArgv: ['--import', 'tsx'] });
  child.send({ ...request, basePath: await make(), python: PYTHON, ssh: withKey(sshd) });
  const [costs] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [Cost[]];
  expect(Array.isArray(costs)).toBe(true);
  return costs;
}

function expectBounded(costs: Cost[]): void {
  const tooMuch = costs.filter(({ longestMs, addedMiB }) => longestMs >= 50 || addedMiB > 64);
  expect(tooMuch).toEqual([]);
}

test('P8: 50,000 files are planned, deployed, deployed again and taken back within bounds', async () => {
  const directory = await make('source');
  writeFileSync(join(directory, 'run.py'), 'print(1)\n');
  for (let index = 0; index < FILES; index += 1) {
    const package_ = join(directory, 'src', `package${index % DIRECTORIES}`);
    if (index < DIRECTORIES) mkdirSync(package_, { recursive: true });
    writeFileSync(join(package_, `module_with_a_name_${index}.txt`), `value = ${index}\n`);
  }
  const costs = await costsOf({ directory });
  expect(costs.map(({ operation }) => operation)).toEqual(['plan', 'first', 'one file changed', 'roll back']);
  expectBounded(costs);
});

test('P8: an archive of 1 GB is planned and deployed within bounds', async () => {
  const directory = await make('source');
  mkdirSync(join(directory, 'src'));
  writeFileSync(join(directory, 'run.py'), 'print(1)\n');
  writeFileSync(join(directory, 'src/model.bin'), '');
  truncateSync(join(directory, 'src/model.bin'), 1024 ** 3);
  const archive = join(await make('archive'), 'source.tar.gz');
  execFileSync('sh', ['-c', 'tar -C "$0" -c . | gzip -1 > "$1"', directory, archive]);
  const costs = await costsOf({ archive });
  expect(costs.map(({ operation }) => operation)).toEqual(['plan', 'first']);
  expectBounded(costs);
});
