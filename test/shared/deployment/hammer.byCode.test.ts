/** P1: no module that a run pinned by code imports is another release's, in it or in what it starts, however often that changes. */
import { deployTo, temporaryDirectories } from '../../support/deployment';
import { flippingCrowd } from '../../support/flippingCrowd';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
const crowd = flippingCrowd();

/** How often something else goes live, and how many runs there are at least while it does. */
const FLIPS = size(12, 200);
const RUNS = size(12, 200);
const MODULES = 20;

/** It says the version that it runs, and those of the modules that it, its children and its pool have imported since. */
const PROGRAM = `import importlib, multiprocessing, os, subprocess, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, 'src'))
own = 'VERSION'

def late(index):
    return importlib.import_module('parts.part%d' % index).VERSION

def main():
    seen = {own}
    for index in range(${MODULES}):
        seen.add(late(index))
        time.sleep(0.004)
    for words in (['tools/tell.py'], ['-c', 'import top; print(top.VERSION)'], ['run.py', 'own']):
        seen.add(subprocess.run([sys.executable] + words, stdout=subprocess.PIPE, universal_newlines=True).stdout.strip())
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        seen.update(pool.map(late, [0, 1]))
    print(own, sorted(seen))

if __name__ == '__main__':
    if sys.argv[1:] == ['own']:
        print(own)
    else:
        main()
`;

async function version(text: string): Promise<string> {
  const source = await make(`hammer-${text}`);
  const module = `VERSION = '${text}'\n`;
  const parts = Array.from({ length: MODULES }, (_, index) => [`src/parts/part${index}.py`, module]);
  await writeTree(source, {
    'run.py': PROGRAM.replace('VERSION', text),
    'top.py': module,
    'tools/tell.py':
      "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))\nimport top\nprint(top.VERSION)\n",
    ...Object.fromEntries(parts),
  });
  return source;
}

test(
  `P1: of ${RUNS} runs with ${MODULES + 5} late imports each, over ${FLIPS} flips, none has another release’s`,
  async () => {
    const base = await make('hammer');
    const selection = { include: ['run.py', 'top.py', 'src/**', 'tools/**'], exclude: [] };
    for (const text of ['a', 'b']) await deployTo(base, await version(text), { selection, pinning: 'code' });
    const said = await crowd(base, FLIPS, RUNS);
    expect(said.filter((each) => !["a ['a']", "b ['b']"].includes(each))).toEqual([]);
    expect(new Set(said).size).toBe(2);
  },
  size(120_000, 1_800_000),
);
