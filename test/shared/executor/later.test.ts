import { evaluate } from '../../support/pythonModule';

/** Imports two modules from two threads; each says how many were being imported when it was. */
const SIDE_BY_SIDE = `
import os, tempfile, threading
from hot_deploy import later
sys.inside, sys.both = 0, threading.Event()
names = ['one', 'two']
directory = tempfile.mkdtemp()
sys.path.insert(0, directory)
for name in names:
    with open(os.path.join(directory, name + '.py'), 'w') as module:
        module.write("""
import sys
sys.inside += 1
if sys.inside == 2:
    sys.both.set()
sys.both.wait(0.3)
INSIDE = sys.inside
sys.inside -= 1
""")
said = {}
def use(name):
    said[name] = later._Later(name).INSIDE
threads = [threading.Thread(target=use, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
json.dump(said, sys.stdout)
`;

test('P5: steps side by side import modules one after the other', () => {
  expect(evaluate(SIDE_BY_SIDE)).toEqual({ one: 1, two: 1 });
});
