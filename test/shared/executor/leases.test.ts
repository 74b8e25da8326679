import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { PYTHON, temporaryDirectories } from '../../support/deployment';
import { evaluate } from '../../support/pythonModule';

const make = temporaryDirectories();

const COUNT = `
import io
from hot_deploy import flocks, leases
request = json.load(sys.stdin)
if request["locks"] is not None:
    def hidden(path, *rest):
        if request["locks"] is False:
            raise PermissionError(13, "hidden", path)
        return io.StringIO(request["locks"])
    flocks.open = hidden
json.dump(leases.counts(request["directories"]), sys.stdout)
`;

let root: string;
let holders: ChildProcess[];

beforeEach(async () => {
  root = await make();
  holders = [];
  for (const name of ['free', 'one', 'three']) mkdirSync(join(root, name));
});

afterEach(async () => {
  for (const holder of holders) {
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
  }
});

/** Takes a lease as an extraction does; ends with the test. */
async function lease(name: string, kind = 'LOCK_SH'): Promise<void> {
  const code = [
    'import fcntl, os, sys, time',
    `fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.${kind})`,
    'print(flush=True)',
    'time.sleep(60)',
  ].join('\n');
  const holder = spawn(PYTHON, ['-I', '-c', code, join(root, name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  holders.push(holder);
  await once(holder.stdout, 'data');
}

/** Counts leases; `locks` stands in for /proc/locks, false for one that can't be read. */
function counts(locks: string | false | null = null): number[] {
  const names = ['free', 'one', 'three', 'missing'];
  const directories = names.map((name) => join(root, name));
  const found = evaluate<Record<string, number>>(COUNT, { directories, locks });
  expect(Object.keys(found)).not.toContain(directories[3]);
  return directories.slice(0, 3).map((directory) => found[directory]);
}

it('P4: every lease on a release is counted', async () => {
  expect(counts()).toEqual([0, 0, 0]);
  await Promise.all([lease('one'), lease('three'), lease('three'), lease('three')]);
  expect(counts()).toEqual([0, 1, 3]);
  const [first] = holders;
  const ended = once(first, 'exit');
  first.kill('SIGKILL');
  await ended;
  holders.shift();
  expect(counts()).toEqual([0, 0, 3]);
});

it.each<[string, string | false]>([
  ['can not be read', false],
  ['is empty, as in some containers', ''],
  [
    'says other things',
    '1: POSIX  ADVISORY  WRITE 1 00:01:2 0 EOF\n2: FLOCK  ADVISORY  READ 3 <none>:0 0 EOF\n2: -> FLOCK  ADVISORY  READ 4 00:01:2 0 EOF\n\nx\n',
  ],
])('P4: where /proc/locks %s, a leased release still counts as leased', async (_name, locks) => {
  await Promise.all([lease('one'), lease('three'), lease('three')]);
  expect(counts(locks)).toEqual([0, 1, 1]);
  // Looking takes nothing: it would keep the launcher waiting.
  expect(counts(locks)).toEqual([0, 1, 1]);
});

it('P4: a release that is just being removed counts as taken, not as an extraction that hangs', async () => {
  await lease('one', 'LOCK_EX');
  expect(counts()).toEqual([0, 1, 0]);
});
