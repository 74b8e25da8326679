/** P1: in the release, and working there: what a run opens relative to its working directory is its release's as well. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { deployTo } from '../../support/deployment';
import { PLACE_SELECTION } from '../../support/placeProbes';
import { placeEngines, SYSTEM_PYTHON } from '../../support/placeRuns';
import { writeTree } from '../../support/tree';

const { make, version, plain, run, started } = placeEngines();

test('P1: relative paths are the release’s, through the launcher and the prefix, across a deployment', async () => {
  const base = await plain();
  const deploy = async (text: string) =>
    deployTo(base, await version(text), { selection: PLACE_SELECTION, pinning: 'inside' });
  expect(await deploy('1')).toMatchObject({ pinning: { way: 'release', why: 'chosen' } });
  const probes = ['relative_file', 'absolute_file', 'late_module', 'pool_by_spawn'];
  const launched = await run([SYSTEM_PYTHON, 'run.py', ...probes], base);
  const cat = 'echo ready; read x; cat config/c.json src/version.txt';
  const prefixed = await started([SYSTEM_PYTHON, '.hot-deploy/launch.py', 'sh', '-c', cat], base);
  const below = await started(
    [SYSTEM_PYTHON, join(base, '.hot-deploy/launch.py'), 'sh', '-c', cat.replace(/config.*/, 'version.txt')],
    join(base, 'src'),
  );
  await deploy('2');
  expect(await launched()).toEqual(Object.fromEntries(probes.map((name) => [name, '1'])));
  expect(await prefixed()).toBe('{"v": "1"}\n1');
  expect(await below()).toBe('1');
});

test('arguments name what they named, wherever the program works', async () => {
  const [base, source] = [await make(), await make()];
  const tell =
    'import os, sys\nprint([open(path).read() for path in sys.argv[1:]], os.getcwd(), os.environ.get("PWD"))\n';
  await writeTree(source, { 'run.py': tell, 'config/c.txt': 'deployed' });
  const { release } = await deployTo(base, source, { pinning: 'inside' });
  mkdirSync(join(base, 'in'));
  for (const name of ['late.txt', 'in/late.txt']) writeFileSync(join(base, name), name);
  const words = ['run.py', 'late.txt', 'in/late.txt', './late.txt', join(base, 'late.txt'), 'config/c.txt'];
  const said = (cwd: string, program: string, ...given: string[]) =>
    execFileSync(SYSTEM_PYTHON, [program, ...given], { cwd, encoding: 'utf8', env: { PWD: cwd } });
  const place = join(base, 'releases', release);
  expect(said(base, ...(words as [string]))).toBe(
    `['late.txt', 'in/late.txt', 'late.txt', 'late.txt', 'deployed'] ${place} ${place}\n`,
  );
  expect(said('/', join(base, 'run.py'), join(base, 'late.txt'))).toBe("['late.txt'] / /\n");
  expect(said(join(base, 'in'), '../run.py', 'late.txt')).toBe(
    `['in/late.txt'] ${join(base, 'in')} ${join(base, 'in')}\n`,
  );
});
