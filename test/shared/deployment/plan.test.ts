import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { planDeployment, type PlanResult } from '../../../nodes/shared/operations/plan';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { asEntrypoint } from '../../support/named';
import { size } from '../../support/size';

jest.setTimeout(120_000);
const make = temporaryDirectories();

type Tree = Record<string, string>;
const range = (count: number): number[] => [...Array(count).keys()];

async function written(tree: Tree): Promise<string> {
  const directory = await make('source');
  for (const [path, content] of Object.entries({ 'run.py': '', ...tree })) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return directory;
}

const planFor = (base: string, source: string, changes: Partial<DeployOptions> = {}): Promise<PlanResult> =>
  inConversation(async (client) => {
    const options = deployOptions(base, changes);
    return planDeployment(client, await bundleOf(source, options), options);
  });

const names = fc.constantFrom('a.py', 'b.py', 'c.txt', 'deep/d.py', 'deep/er/e.txt');
const trees = fc.dictionary(
  names.map((name) => `src/${name}`),
  fc.constantFrom('', '1', '22', '333'),
);

test('a plan is true: deploying changes exactly what it listed, and it changes nothing itself', async () => {
  await fc.assert(
    fc.asyncProperty(trees, trees, fc.boolean(), async (one, other, plain) => {
      const base = plain ? await written(one) : await make();
      if (!plain) await deployTo(base, await written(one));
      const source = await written(other);
      const before = statusOf(base);
      const plan = await planFor(base, source, { removeOldCode: true });
      expect(statusOf(base)).toEqual(before);
      const { status, changes } = await deployTo(base, source, {
        removeOldCode: true,
        planDigest: plan.planDigest,
      });
      expect(plan.unchanged).toBe(status === 'unchanged');
      expect(plan.swap.adopts).toBe(plain);
      expect(plan.changes).toEqual(changes);
      for (const { path, change, bytes, bytesBefore } of plan.files) {
        expect(changes[change]).toContain(path);
        expect(bytes).toBe(path in other ? other[path].length : null);
        expect(bytesBefore).toBe(path in one ? one[path].length : null);
      }
    }),
    { numRuns: size(8, 24) },
  );
});

test('the first plan of a plain engine names what differs from it, and what no pattern owns stays', async () => {
  const tree = Object.fromEntries(
    range(300).map((index) => [`src/package${index % 30}/m${index}.py`, `${index}`]),
  );
  const base = await written({ ...tree, 'src/local.ini': 'mine', 'src/gone.py': '', notes: 'beside' });
  symlinkSync('../notes', join(base, 'src/notes'));
  const source = await written({ ...tree, 'src/package1/m1.py': 'changed', 'src/new.py': '' });
  symlinkSync('m2.py', join(source, 'src/package2/link.py'));
  const selection = { include: ['src/**', 'run.py'], exclude: ['src/local.ini'] };
  const plan = await planFor(base, source, { selection, removeOldCode: true });
  expect(plan.changes).toMatchObject({
    added: ['src/new.py', 'src/package2/link.py'],
    modified: ['src/package1/m1.py'],
    removed: ['src/gone.py'],
  });
  expect(plan.bytesToSend).toBe('changed'.length);
  const { changes } = await deployTo(base, source, {
    ...{ selection, removeOldCode: true },
    planDigest: plan.planDigest,
  });
  expect(changes).toEqual(plan.changes);
  expect(readFileSync(join(base, 'src/local.ini'), 'utf8')).toBe('mine');
});

test('what one plan previews is nothing to the next in the same conversation', async () => {
  const base = await written({ 'src/a.py': '1' });
  const source = await written({ 'src/a.py': '1', 'main.py': '' });
  await inConversation(async (client) => {
    const planned = async (entrypoint: string, include: string[]) => {
      const options = deployOptions(base, {
        entrypoint: asEntrypoint(entrypoint),
        selection: { include, exclude: [] },
      });
      return planDeployment(client, await bundleOf(source, options), options);
    };
    expect(await planned('run.py', ['src', 'run.py'])).toMatchObject({ unchanged: true, files: [] });
    const { changes } = await planned('main.py', ['main.py']);
    expect(changes).toMatchObject({ added: ['main.py'], modified: [], removed: [] });
  });
});

describe('a deployment that was approved', () => {
  const TREE = { 'src/a.py': '1', 'requirements.txt': '' };
  let base: string, source: string;

  beforeEach(async () => {
    base = await make();
    source = await written(TREE);
    await deployTo(base, await written({ 'src/a.py': '0' }));
  });

  const apply = (planDigest: string, changes: Partial<DeployOptions> = {}) =>
    deployTo(base, source, { planDigest, ...changes });

  test('goes ahead while the plan is the same', async () => {
    const { planDigest } = await planFor(base, source);
    expect((await planFor(base, source)).planDigest).toBe(planDigest);
    expect(await apply(planDigest)).toMatchObject({ status: 'deployed' });
  });

  const byHand = (): void => {
    const file = join(base, 'current/src/a.py');
    chmodSync(file, 0o644);
    appendFileSync(file, '# by hand\n');
  };

  test.each<[string, string, () => unknown, Partial<DeployOptions>]>([
    [
      'another version',
      'the new version, the changes',
      () => writeFileSync(join(source, 'src/b.py'), '2'),
      {},
    ],
    [
      'other patterns',
      'the new version',
      () => undefined,
      { selection: { include: ['src', 'run.py'], exclude: ['x'] } },
    ],
    [
      'other checks',
      'the checks or the service',
      () => undefined,
      { checks: [checkOf({ name: 'another' })] },
    ],
    [
      'other code in a check',
      'the checks or the service',
      () => undefined,
      { checks: [checkOf({ command: 'false' })] },
    ],
    ['an edit by hand', 'edits by hand', byHand, {}],
    [
      'another live release',
      'what is live',
      async () => deployTo(base, await written({ 'src/a.py': '00' })),
      {},
    ],
    ['other packages', 'the dependencies', () => undefined, { dependencies: packages() }],
  ])('P3: stops at %s, and says what it is', async (_, part, change, changes) => {
    const { planDigest, release } = await planFor(base, source, { checks: [checkOf({})] });
    await change();
    const refused = await thrownBy(apply(planDigest, { checks: [checkOf({})], ...changes }));
    expect(refused.code).toBe('PLAN_CHANGED');
    for (const word of part.split(', ')) expect(refused.message).toContain(word);
    if (part !== 'what is live') expect(refused.details).toMatchObject({ live: release });
  });

  test('an approval for what is no plan is a sentence', async () => {
    const refused = await thrownBy(apply('yes'));
    expect(refused).toMatchObject({ code: 'INPUT' });
    expect(refused.message).toContain('Plan Digest "yes" is not the digest of a plan.');
  });
});

function packages(): DeployOptions['dependencies'] {
  return { ...deployOptions('/x').dependencies, mode: 'virtualEnvironment' };
}

test('the plan tells how the switch would happen, what it needs, and what is lost', async () => {
  const plain = await written({ 'src/a.py': '0' });
  const source = await written({ 'src/a.py': '1' });
  expect(await planFor(plain, source)).toMatchObject({
    adopt: expect.arrayContaining(['run.py', 'src']),
    swap: { method: 'rename', adopts: true },
    release: null,
  });
  const base = await make();
  await deployTo(base, source);
  const same = await planFor(base, source);
  expect(same).toMatchObject({
    unchanged: true,
    swap: { method: 'none', atomic: true, adopts: false },
    files: [],
  });
  rmSync(join(base, 'src'));
  expect((await planFor(base, source)).drift.missing).toEqual(['src']);
  expect(same.space.freeBytes).toBeGreaterThan(same.space.neededBytes);
});
