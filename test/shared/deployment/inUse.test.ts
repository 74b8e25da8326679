/** What is in use is kept, however the process that uses it was started, and whatever it has closed. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { deployOptions, deployTo, inConversation, temporaryDirectories } from '../../support/deployment';
import { lingeringEngine, Lingerers, lingeringKinds } from '../../support/lingering';
import { writeTree } from '../../support/tree';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const lingerers = new Lingerers();
let versions: string[];
afterEach(() => lingerers.endAll());

beforeAll(async () => {
  versions = await Promise.all(
    ['1', '2', '3'].map(async (label) => {
      const source = await make('source');
      await writeTree(source, {
        ...lingeringEngine(label),
        'src/log.txt': 'a log\n',
      });
      copyFileSync('/lib/x86_64-linux-gnu/libresolv.so.2', join(source, 'src/mapped.so'));
      copyFileSync('/bin/sleep', join(source, 'src/program'));
      await chmod(join(source, 'src/program'), 0o755);
      return source;
    }),
  );
});

async function deployed(): Promise<{ base: string; release: string }> {
  const base = await make();
  const { release } = await deployTo(base, versions[0]);
  return { base, release };
}

const prune = (base: string) =>
  inConversation((client) => pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 0 }));

/** Two releases later the first one is beyond what is kept; it stays for as long as the process does. */
async function expectKeptWhile(pid: number, base: string, release: string): Promise<void> {
  for (const source of versions.slice(1)) await deployTo(base, source, { keepReleases: 1 });
  expect((await prune(base)).releases).toEqual([]);
  expect(existsSync(join(base, 'releases', release, 'src/worker.py'))).toBe(true);
  await lingerers.end(pid);
  expect((await prune(base)).releases).toEqual([release]);
}

test.each(lingeringKinds)('P4: a release stays while it is run %s', async (kind) => {
  const { base, release } = await deployed();
  await expectKeptWhile(await lingerers.fromEngine(base, kind), base, release);
});

/** What a process does with a release's directory, that stands alone: no lease, no argument, nothing inherited. */
const TRACES: Array<[string, string]> = [
  ['has it as its working directory', 'os.chdir(path)'],
  ['has a file of it open', 'kept = open(path + "/src/log.txt")'],
  ['has a library of it mapped', 'import ctypes; ctypes.CDLL(path + "/src/mapped.so")'],
  ['has it as its root directory', 'os.chroot(path)'],
  [
    'has a program of it running',
    'os.write(1, b"%d\\n" % os.getpid()); os.closerange(0, 3); os.execve(path + "/src/program", ["x", "600"], {})',
  ],
  [
    'has it mounted where nobody else sees it',
    `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b"none", b"/", None, 0x4000 | 0x80000, None) == 0
assert libc.mount(os.fsencode(path + "/src"), b"/mnt", None, 0x1000, None) == 0`,
  ],
];
const IN_NAMESPACE = ['unshare', '--mount'];

test.each(TRACES)('P4: a release stays while a process only %s', async (name, code) => {
  const { base, release } = await deployed();
  const path = join(base, 'releases', release);
  const pid = await lingerers.elsewhere(code, path, name.includes('mounted') ? IN_NAMESPACE : []);
  await expectKeptWhile(pid, base, release);
});

test('P4: a release stays while it is run where the base path has another name, and closes every descriptor', async () => {
  const { base, release } = await deployed();
  const code = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b"none", b"/", None, 0x4000 | 0x80000, None) == 0
assert libc.mount(os.fsencode(path), b"/mnt", None, 0x1000, None) == 0
os.chdir("/mnt")
os.execve(sys.executable, [sys.executable, "run.py", "which closes every descriptor"], {})`;
  await expectKeptWhile(await lingerers.elsewhere(code, base, IN_NAMESPACE), base, release);
});

test('a mount of the base path, or of another engine’s release of the same name, keeps nothing', async () => {
  const { base, release } = await deployed();
  const other = await make('other');
  mkdirSync(join(other, 'releases', release, 'src'), { recursive: true });
  await writeFile(join(other, 'releases', release, 'src/log.txt'), '');
  const mount = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b"none", b"/", None, 0x4000 | 0x80000, None) == 0
assert libc.mount(os.fsencode(path), b"/mnt", None, 0x1000, None) == 0`;
  await lingerers.elsewhere(mount, base, IN_NAMESPACE);
  await lingerers.elsewhere(mount, join(other, 'releases', release), IN_NAMESPACE);
  await lingerers.elsewhere('kept = open(path)', join(other, 'releases', release, 'src/log.txt'));
  await lingerers.elsewhere(
    'os.write(1, b"%d\\n" % os.getpid()); os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", path], {})',
    join(other, 'releases', release, 'run.py'),
  );
  for (const source of versions.slice(1)) await deployTo(base, source, { keepReleases: 1 });
  expect(readdirSync(join(base, 'releases'))).not.toContain(release);
});
