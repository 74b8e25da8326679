/** Base paths in which single names are mounts of their own, as some have it in containers. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { planDeployment } from '../../../nodes/shared/operations/plan';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { temporaryMounts } from '../../support/disks';
import { keptNames, liveTree, statusOf, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

const { mount } = temporaryMounts();
const make = temporaryDirectories();
let v2: string;

beforeAll(async () => {
  [v2] = await engineVersions(make, 'v2');
});

/** A plain engine with a directory, or a file, of another place mounted at a name in it. */
async function engineWith(name: string): Promise<string> {
  const [base, other] = await engineVersions(make, 'base', 'base');
  if (!existsSync(join(base, name))) mkdirSync(join(base, name), { recursive: true });
  mount(join(base, name), 'none', 'bind', existsSync(join(other, name)) ? join(other, name) : other);
  return base;
}

test.each(['config', 'run.py', 'src/models of ours'])(
  'P2, P3: an engine in which %s is a mount is not adopted, the plan says so, and nothing is changed',
  async (name) => {
    const base = await engineWith(name);
    const before = { all: statusOf(base), tree: treeOf(base) };
    const planned = inConversation(async (client) =>
      planDeployment(client, await bundleOf(v2, deployOptions(base)), deployOptions(base)),
    );
    const refusal = await thrownBy(planned);
    expect(statusOf(base)).toEqual(before.all);
    for (const refused of [refusal, await thrownBy(deployTo(base, v2))]) {
      expect(refused).toMatchObject({ code: 'STEP' });
      expect(refused.message).toContain(`${base}/${name} is a mount of its own`);
      expect(refused.description).toContain(`Take ${name.split('/')[0]} out of Include`);
    }
    expect(treeOf(base)).toMatchObject(before.tree);
    expect(keptNames(base).releases).toEqual([]);
    expect(lstatSync(join(base, 'requirements.txt')).isFile()).toBe(true);
  },
);

test('what is mounted beside the deployed names stays where it is', async () => {
  const base = await engineWith('config');
  mkdirSync(join(base, 'data'));
  writeFileSync(join(base, 'data/in.txt'), '');
  const selection = { include: ['src/**', 'run.py', 'requirements.txt'], exclude: [] };
  const { swap } = await deployTo(base, v2, { selection });
  expect(swap).toMatchObject({ adopted: true, atomic: true });
  expect(lstatSync(join(base, 'config')).isDirectory()).toBe(true);
  expect(execFileSync('mountpoint', ['-q', join(base, 'config')]).toString()).toBe('');
  expect(Object.keys(liveTree(base))).toContain('src/matcher.py');
});

test('what is mounted in a deployed directory and named in Shared stays where it is', async () => {
  const base = await engineWith('src/models of ours');
  writeFileSync(join(base, 'src/models of ours/weights.bin'), 'weights');
  const selection = { ...deployOptions(base).selection, shared: ['src/models of ours/'] };
  for (const deployUnchanged of [false, true]) await deployTo(base, v2, { selection, deployUnchanged });
  execFileSync('mountpoint', ['-q', join(base, 'src/models of ours')]);
  expect(lstatSync(join(base, 'src/matcher.py')).isSymbolicLink()).toBe(true);
  for (const path of ['src', 'current/src']) {
    expect(readFileSync(join(base, path, 'models of ours/weights.bin'), 'utf8')).toBe('weights');
  }
});
