import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, parse, relative } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { deploy } from '../../../nodes/shared/operations/deploy';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import { isRunning, lock, processEnd } from '../../support/conversation';
import {
  bundleOf,
  deployOptions,
  deployTo,
  inConversation,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { keptNames, liveTree, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { type Tree, writeTree } from '../../support/tree';

/** So many that unchanged files are copied by more than one process. */
const DIRECTORIES = 30;
const FILES_EACH = 100;
const OPTIONS = { createBackup: false };

const make = temporaryDirectories();
let source: string;
let base: string;

beforeAll(async () => {
  source = await make('source');
  await writeTree(source, manyFiles());
  base = await make();
  await deployTo(base, source, OPTIONS);
});

function manyFiles(): Tree {
  const tree: Tree = { 'run.py': 'print(1)\n' };
  for (let index = 0; index < DIRECTORIES * FILES_EACH; index++) {
    const name = `part${index % DIRECTORIES}/file${index}`;
    tree[`src/${name}.${index % 10 === 0 ? 'py' : 'txt'}`] = `value = ${index}\n`;
  }
  return tree;
}

/** Changes one file of the source, so that the next deployment has all others to copy. */
function change(): void {
  writeFileSync(join(source, 'run.py'), `print(${process.hrtime.bigint()})\n`);
}

/** The processes that an executor has started and that write a release. */
function copiesOf(processId: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === processId && isWriting(name))
    .map(Number);
}

function isWriting(processId: string): boolean {
  try {
    const opened = readdirSync(`/proc/${processId}/fd`).map((name) => `/proc/${processId}/fd/${name}`);
    return opened.some((descriptor) => readlinkSync(descriptor).includes('/.hot-deploy/staging/'));
  } catch {
    return false; // Closed, or ended, in between.
  }
}

function parentOf(processId: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

/** Stopped processes of the current test. */
const stopped = new Set<number>();

// Those that nobody ended, a defect, must not stay.
afterEach(() => {
  for (const copy of stopped) if (isRunning(copy)) process.kill(copy, 'SIGKILL');
  stopped.clear();
});

/** Begins a deployment in `client` and stops the processes that copy beside the executor, so that they don't get done. */
async function copying(client: ExecutorClient): Promise<{ ended: Promise<unknown>; copies: number[] }> {
  change();
  const options = deployOptions(base, OPTIONS);
  const ended = thrownBy(deploy(client, await bundleOf(source, options), options));
  let over = false;
  const noteEnd = () => void (over = true);
  ended.then(noteEnd, noteEnd);
  while (!over) {
    const copies = copiesOf(client.hello.processId);
    for (const copy of copies) {
      process.kill(copy, 'SIGSTOP');
      stopped.add(copy);
    }
    if (copies.length > 0) return { ended, copies };
    await nextTurn();
  }
  throw new Error('the deployment ended without another process beside the executor');
}

/** Files of a release, bytecode aside, with their paths. */
function filesOf(release: string): string[] {
  const root = join(base, 'releases', release);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => join(entry.parentPath, entry.name));
}

test('P2: a release of thousands of files is its source, shares no file, and each file’s stamp is known', async () => {
  change();
  rmSync(join(source, 'src/part1/file1.txt'));
  const { release, changes } = await deployTo(base, source, OPTIONS);
  expect(changes.counts).toMatchObject({ added: 0, modified: 1, removed: 1 });
  expect(liveTree(base)).toEqual(treeOf(source));
  const rows = JSON.parse(readFileSync(join(base, `.hot-deploy/releases/${release}.manifest.json`), 'utf8'));
  const stamps = new Map<string, number[]>(rows.map((row: unknown[]) => [row[0], row[7]]));
  const files = filesOf(release);
  expect(files).toHaveLength(DIRECTORIES * FILES_EACH);
  for (const path of files) {
    const { mtimeNs, ctimeNs, ino, nlink } = lstatSync(path, { bigint: true });
    expect(nlink).toBe(1n);
    expect(stamps.get(relative(join(base, 'releases', release), path))).toEqual(
      [mtimeNs, ctimeNs, ino].map(Number),
    );
  }
});

test('bytecode of thousands of files is carried over with them', async () => {
  change();
  const { release } = await deployTo(base, source, OPTIONS);
  const python = filesOf(release).filter((path) => path.endsWith('.py'));
  expect(python.length).toBeGreaterThan((DIRECTORIES * FILES_EACH) / 20);
  for (const path of python.filter((path) => !path.endsWith('/run.py'))) {
    const made = readdirSync(join(dirname(path), '__pycache__')).filter((name) =>
      name.startsWith(`${parse(path).name}.`),
    );
    expect(made.map((name) => lstatSync(join(dirname(path), '__pycache__', name)).nlink > 1)).toEqual([true]);
  }
});

// Directories are dealt out in turn: each of these is copied by another process.
test.each(['part0/file0.py', 'part2/file2.txt', 'part3/file3.txt', 'part4/file4.txt'])(
  'P3: src/%s, edited by hand after it was looked at, stops the deployment and goes nowhere',
  async (name) => {
    change();
    const live = join(base, 'current/src', name);
    const before = readFileSync(live);
    const kept = keptNames(base);
    const edit = (content: Buffer) => {
      chmodSync(live, 0o644);
      writeFileSync(live, content);
      chmodSync(live, 0o444);
    };
    const onStep: DeployOptions['onStep'] = ({ step, phase }) => {
      if (step === 'transfer and assemble' && phase === 'start') edit(Buffer.alloc(before.length, '#'));
    };
    const refused = await thrownBy(deployTo(base, source, { ...OPTIONS, onStep }));
    expect(refused.message).toContain(`src/${name} was changed while it was copied. Run again.`);
    expect(keptNames(base)).toEqual(kept);
    expect((await deployTo(base, source, OPTIONS)).changes.modified).toContain(`src/${name}`);
    expect(readFileSync(live)).toEqual(before);
  },
);

test('P5: when the client goes away while other processes copy, all of them end and nothing is left', async () => {
  const kept = keptNames(base);
  const client = await openClient();
  const { ended, copies } = await copying(client);
  await client.close();
  await ended;
  expect(copies.filter(isRunning)).toEqual([]);
  expect(keptNames(base)).toEqual(kept);
});

test('P5: when the executor is killed while other processes copy, they end, too, and the lock is free', async () => {
  const kept = keptNames(base);
  const client = await openClient();
  const { ended, copies } = await copying(client);
  process.kill(client.hello.processId, 'SIGKILL');
  expect(await ended).toMatchObject({ code: 'LOST' });
  await client.close();
  for (const copy of copies) await processEnd(copy);
  await inConversation((next) => lock(next, base));
  expect({ ...keptNames(base), '.hot-deploy': [] }).toEqual({ ...kept, '.hot-deploy': [] });
});

test('P5: when a process that copies is killed, the deployment says so and nothing is left', async () => {
  const kept = keptNames(base);
  await inConversation(async (client) => {
    const { ended, copies } = await copying(client);
    process.kill(copies[0], 'SIGKILL');
    expect(await ended).toMatchObject({
      code: 'STEP',
      message: expect.stringContaining('A process that did a part of this step was ended. Run again.'),
    });
  });
  expect(keptNames(base)).toEqual(kept);
  expect(await deployTo(base, source, OPTIONS)).toMatchObject({ status: 'deployed' });
});
