import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { deploy } from '../../../nodes/shared/operations/deploy';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { bundleOf, deployOptions, inConversation, temporaryDirectories } from '../../support/deployment';
import { liveTree, seenThrough, treeOf } from '../../support/snapshot';
import { size } from '../../support/size';

const make = temporaryDirectories();

/** A tree as nested maps: a name leads to a file, a link or a directory, which may be empty. */
type Node = { mode: number; content: string } | { link: string } | { children: Map<string, Node> };

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c.py', 'd.txt', 'e') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'with space',
      '-rf',
      'ünïcödé',
      '日本',
      '$(x)',
      "'",
      '"',
      '\\',
      '.hidden',
      '*',
      'a\tb',
    ),
  },
);

const leaf: fc.Arbitrary<Node> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      mode: fc.constantFrom(0o644, 0o755, 0o600, 0o444),
      content: fc.constantFrom('', '1', '2', '{}', '[1]'),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom('nowhere', '../run.py', './no/where').map((link) => ({ link })) },
);

const node: fc.Arbitrary<Node> = fc.letrec<{ node: Node; directory: Node }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, { weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: tie('directory') }),
  directory: fc
    .array(fc.tuple(name, tie('node')), { maxLength: 5 })
    .map((entries): Node => ({ children: new Map(entries) })),
})).node;

/** What is below `src`; `run.py` is always there. */
const tree = fc
  .array(fc.tuple(name, node), { maxLength: 6 })
  .map((entries) => new Map<string, Node>(entries));

/** A tree and what becomes of it: some names replaced, some gone, some new. */
const change = fc.tuple(tree, tree).map(([before, other]) => {
  const after = new Map([...before].filter((_, index) => index % 3 !== 2));
  for (const [path, replaced] of other) after.set(path, replaced);
  return { before, after };
});

function write(directory: string, entries: Map<string, Node>): void {
  mkdirSync(directory, { recursive: true });
  for (const [entry, value] of entries) {
    const path = join(directory, entry);
    if ('children' in value) write(path, value.children);
    else if ('link' in value) symlinkSync(value.link, path);
    else {
      writeFileSync(path, value.content);
      chmodSync(path, value.mode);
    }
  }
}

async function written(entries: Map<string, Node>): Promise<string> {
  const directory = await make('source');
  write(directory, new Map<string, Node>([['run.py', { mode: 0o644, content: '' }]]));
  write(join(directory, 'src'), entries);
  return directory;
}

test('whatever a tree holds and whatever becomes of it, deployed and rolled back it equals its source', async () => {
  await inProperty(change, size(10, 30), async (base, client, { before, after }) => {
    const options = deployOptions(base, { createBackup: true });
    const sources = [await written(before), await written(after)];
    for (const source of sources) {
      const bundle = await bundleOf(source, options);
      await deploy(client, bundle, options);
      expect(liveTree(base)).toEqual(treeOf(source));
      expect(await deploy(client, bundle, options)).toMatchObject({ status: 'unchanged' });
    }
    if (JSON.stringify(treeOf(sources[0])) === JSON.stringify(treeOf(sources[1]))) return;
    await rollBack(client, { target: 'previous' }, options);
    expect(liveTree(base)).toEqual(treeOf(sources[0]));
  });
}, 120_000);

async function inProperty<T>(
  arbitrary: fc.Arbitrary<T>,
  runs: number,
  holds: (base: string, client: Parameters<typeof deploy>[0], value: T) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (value) => {
    const base = await make();
    await inConversation((client) => holds(base, client, value));
  });
  await fc.assert(property, { numRuns: runs, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true });
}

test('a plain tree that is adopted looks as before, whatever it holds', async () => {
  await inProperty(tree, size(6, 15), async (_, client, entries) => {
    const base = await written(entries);
    const before = treeOf(base);
    const options = deployOptions(base, { deployUnchanged: true, removeOldCode: true });
    await deploy(client, await bundleOf(await written(new Map()), options), options);
    await rollBack(client, { target: 'previous' }, options);
    expect({ ...seenThrough(base), 'run.py': liveTree(base)['run.py'] }).toEqual(before);
  });
}, 120_000);

test('a file that was only renamed or copied is not sent again', async () => {
  const base = await make();
  const content = randomBytes(300_000).toString('base64');
  const file = (mode: number): Node => ({ mode, content });
  const first = await written(new Map([['old', file(0o644)]]));
  const second = await written(
    new Map<string, Node>([
      ['new', file(0o755)],
      ['copies', { children: new Map([['copy', file(0o600)]]) }],
    ]),
  );
  await inConversation(async (client) => {
    const options = deployOptions(base);
    await deploy(client, await bundleOf(first, options), options);
    const sent = client.stats.bytesSent;
    expect(sent).toBeGreaterThan(content.length);
    await deploy(client, await bundleOf(second, options), options);
    expect(client.stats.bytesSent - sent).toBeLessThan(10_000);
    expect(liveTree(base)).toEqual(treeOf(second));
  });
});
