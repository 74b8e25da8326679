/** P3: whatever a plain tree holds, and whatever is shared of it, nothing of the host's is lost, changed or deployed. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { createSelection } from '../../../nodes/shared/source/patterns';
import { DeployError } from '../../../nodes/shared/errors';
import { deployTo, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { liveTree, originalsOf, seenThrough, type Snapshot, treeOf } from '../../support/snapshot';
import { size } from '../../support/size';

const make = temporaryDirectories();

/** Files and links below `src` by their paths; none lies below another. */
type Files = Map<string, string>;

const name = fc.constantFrom('a', 'b', 'c.py', 'd.json', 'e f', 'ü');
const files: fc.Arbitrary<Files> = fc
  .array(
    fc.tuple(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `src/${names.join('/')}`),
      fc.constantFrom('1', '22', '{}', '-> nowhere', '-> ../run.py'),
    ),
    { maxLength: 8 },
  )
  .map((entries) => {
    const paths = entries.map(([path]) => path);
    return new Map(entries.filter(([path]) => !paths.some((other) => other.startsWith(`${path}/`))));
  });

const patterns = fc.subarray(['src/a/**', 'src/*.json', 'src/**/d.json', 'src/b', 'src/e f/', 'src/*/a'], {
  maxLength: 3,
});

async function written(entries: Files): Promise<string> {
  const directory = await make('shared');
  mkdirSync(join(directory, 'src'));
  for (const [path, content] of [...entries, ['run.py', ''] as const]) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), join(directory, path));
    else writeFileSync(join(directory, path), content);
  }
  chmodSync(join(directory, 'run.py'), 0o644);
  return directory;
}

/** What is no directory: those come and go with what they hold. */
const withoutDirectories = (seen: Snapshot) =>
  Object.fromEntries(Object.entries(seen).filter(([, shown]) => shown !== 'empty directory'));

/** What an extraction finds. */
const found = (base: string) =>
  withoutDirectories({ ...seenThrough(base), 'run.py': liveTree(base)['run.py'] ?? '' });

test(
  'nothing of the host’s is lost, changed or deployed, whatever is there and whatever is shared',
  async () => {
    const property = fc.asyncProperty(files, files, patterns, async (plain, next, shared) => {
      const [base, source] = [await written(plain), await written(next)];
      const selection = { include: ['src/**', 'run.py'], exclude: [], shared };
      const { isShared } = createSelection(selection);
      const [before, offered] = [treeOf(base), treeOf(source)].map(withoutDirectories) as [
        Snapshot,
        Snapshot,
      ];
      const originals = originalsOf(base);
      const options = { selection, removeOldCode: true, deployUnchanged: true };
      const outcome = await deployTo(base, source, options).catch((error: unknown) => error);
      if (outcome instanceof DeployError) {
        // A file in the place of a directory, or the other way around.
        expect(outcome.code).not.toBe('LOST');
        expect(originalsOf(base)).toMatchObject(
          Object.fromEntries(Object.entries(originals).filter(([path]) => path.includes('/'))),
        );
        return;
      }
      const deployed = Object.entries(offered).filter(([path]) => !isShared(path));
      // A name at the top that the version has nothing of stays what it is; a file in the place of a directory goes.
      const isEmpty = !Object.keys(offered).some((path) => path.startsWith('src/'));
      const hasSrc = isEmpty || deployed.some(([path]) => path.startsWith('src/'));
      const has = (path: string) =>
        path in offered || deployed.some(([other]) => other.startsWith(`${path}/`));
      const isHosts = (path: string) =>
        isShared(path) || !(has(path) || path.endsWith('.py')) || (!hasSrc && path !== 'run.py');
      const hosts = Object.entries(before).filter(([path]) => isHosts(path));
      expect(found(base)).toEqual(Object.fromEntries([...hosts, ...deployed]));
      for (const [path] of hosts) expect(originalsOf(base)[path]).toBe(originals[path]);
      await rollBackTo(base, { target: 'previous' });
      expect(found(base)).toEqual(before);
      await detachAt(base);
      expect(withoutDirectories(treeOf(base))).toMatchObject(before);
      for (const [path] of hosts) expect(originalsOf(base)[path]).toBe(originals[path]);
    });
    await fc.assert(property, { numRuns: size(12, 150), interruptAfterTimeLimit: size(80_000, 800_000) });
  },
  size(120_000, 900_000),
);
