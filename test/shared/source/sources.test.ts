import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { openArchive } from '../../../nodes/shared/source/archive';
import type { Selection } from '../../../nodes/shared/source/bundle';
import { contentDigest } from '../../../nodes/shared/source/digest';
import { openDirectory } from '../../../nodes/shared/source/directory';
import { readAll } from '../../support/bundles';
import { writeTree, type Tree } from '../../support/tree';

const SELECTION: Selection = { include: ['src/**', '*.py'], exclude: ['**/tmp'] };

const nameCharacter = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', '.', '-', ' ') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\n', '"', "'", '\\', '*', '{', 'ü', 'e\u0301', '漢', '🎉', '\uFF21'),
  },
);
const name = fc.oneof(
  fc.constantFrom('a.py', 'tmp', '__pycache__', '.git', 'x.pyc', 'ü'.repeat(100), '漢'.repeat(70)),
  fc.string({ unit: nameCharacter, minLength: 1, maxLength: 8 }).filter((text) => !/^\.{1,2}$/.test(text)),
);
const content = fc.oneof(
  fc.constant(null),
  fc.string({ maxLength: 20 }),
  fc.integer({ min: 500, max: 70_000 }).map((size) => 'x'.repeat(size)),
  fc.constantFrom({ link: 'a' }, { link: `${'ü\n'.repeat(80)}/b` }),
);
const path = fc
  .tuple(fc.constantFrom('src', 'src', 'input', 'run.py'), fc.array(name, { maxLength: 3 }))
  .map(([top, names]) => [top, ...names].join('/'));

/** Trees in which no path lies below one that is not a directory, no link leads to itself, and something is always selected. */
const tree: fc.Arbitrary<Tree> = fc.array(fc.tuple(path, content), { maxLength: 12 }).map((pairs) => {
  const kept = new Map<string, Tree[string]>([['src/always', 'selected']]);
  for (const [candidate, value] of pairs) {
    const clashes = [...kept.keys()].some(
      (other) =>
        other === candidate || other.startsWith(`${candidate}/`) || candidate.startsWith(`${other}/`),
    );
    const circle = candidate.endsWith('/a') && typeof value === 'object' && value !== null;
    if (!clashes && !circle) kept.set(candidate, value);
  }
  return Object.fromEntries(kept);
});

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hot-deploy-sources-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

test('P9: a tree has the same digest as a directory and in every archive that tar makes of it', async () => {
  const formats = fc.constantFrom('pax', 'gnu');
  await fc.assert(
    fc.asyncProperty(tree, formats, fc.boolean(), fc.boolean(), async (files, format, executable, folder) => {
      const root = join(scratch, 'engine');
      const archive = join(scratch, 'engine.tar.gz');
      await rm(root, { recursive: true, force: true });
      await writeTree(root, files);
      if (executable) await chmod(join(root, 'src/always'), 0o6755);
      const packed = folder ? ['-C', scratch, 'engine'] : ['-C', root, '.'];
      execFileSync('tar', [`--format=${format}`, '-czf', archive, ...packed]);

      const directory = await openDirectory({ directory: root, selection: SELECTION });
      const unpacked = await openArchive({
        open: async () => createReadStream(archive),
        selection: SELECTION,
      });
      const sorted = (paths: string[]): string[] => [...paths].sort();
      expect(sorted(unpacked.ignored.paths)).toEqual(sorted(directory.ignored.paths));
      expect(unpacked.digest).toBe(directory.digest);
      expect(new Map(await readAll(unpacked))).toEqual(new Map(await readAll(directory)));
    }),
    { numRuns: 60 },
  );
});

test('P9: the digest does not depend on the order of the entries', async () => {
  const root = join(scratch, 'ordered');
  await writeTree(root, { 'src/a/b': '1', 'src/a-b': '2', 'src/c': null, 'src/\uFF21': '3', 'src/🎉': '4' });
  const { entries, digest } = await openDirectory({ directory: root, selection: SELECTION });
  fc.assert(
    fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
      expect(contentDigest(shuffled)).toBe(digest);
    }),
  );
});

test.each<[string, (root: string) => Promise<unknown>]>([
  ['content', (root) => writeTree(root, { 'src/a': '2' })],
  ['permission to execute', (root) => chmod(join(root, 'src/a'), 0o755)],
  ['another file', (root) => writeTree(root, { 'src/b': '' })],
  ['an empty directory', (root) => writeTree(root, { 'src/d': null })],
])('P9: the digest changes with %s, and with nothing that is not selected', async (_title, change) => {
  const root = await mkdtemp(join(scratch, 'changed-'));
  await writeTree(root, { 'src/a': '1' });
  const digest = async () => (await openDirectory({ directory: root, selection: SELECTION })).digest;
  const before = await digest();
  await chmod(join(root, 'src/a'), 0o666);
  await writeTree(root, { 'input/x': '', 'src/__pycache__/a.pyc': '' });
  expect(await digest()).toBe(before);
  await change(root);
  expect(await digest()).not.toBe(before);
});
