/** P1: nothing that a run reads relative to its working directory is another release's, however often that changes. */
import { deployTo, temporaryDirectories } from '../../support/deployment';
import { flippingCrowd } from '../../support/flippingCrowd';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
const crowd = flippingCrowd();

/** How often something else goes live, and how many files are read at least while it does. */
const FLIPS = size(12, 200);
const READS = size(600, 10_000);
const READS_OF_A_RUN = 50;

/** It says the version that it runs, and what it has read until it was told to end or had read enough. */
const PROGRAM = `import importlib, os, sys, time
own = 'VERSION'
seen = {own}
for index in range(${READS_OF_A_RUN}):
    with open('config/version.txt') as file:
        seen.add(file.read())
    with open(os.path.join('src', 'parts', '%d.txt' % (index % 7))) as file:
        seen.add(file.read())
    time.sleep(0.004)
sys.path.insert(0, 'src')
seen.add(importlib.import_module('late').VERSION)
print(own, sorted(seen))
`;

async function version(text: string): Promise<string> {
  const source = await make(`hammer-${text}`);
  const parts = Array.from({ length: 7 }, (_, index) => [`src/parts/${index}.txt`, text]);
  await writeTree(source, {
    'run.py': PROGRAM.replace('VERSION', text),
    'config/version.txt': text,
    'src/late.py': `VERSION = '${text}'\n`,
    ...Object.fromEntries(parts),
  });
  return source;
}

test(
  `P1: of ${READS} reads relative to the working directory, over ${FLIPS} flips, none is another release’s`,
  async () => {
    const base = await make('hammer');
    await deployTo(base, await version('a'));
    await deployTo(base, await version('b'));
    const said = await crowd(base, FLIPS, READS / READS_OF_A_RUN);
    expect(said.filter((each) => !["a ['a']", "b ['b']"].includes(each))).toEqual([]);
    expect(new Set(said).size).toBe(2);
  },
  size(120_000, 1_800_000),
);
