import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';

import { openArchive } from '../../../nodes/shared/source/archive';
import type { Bundle, Selection } from '../../../nodes/shared/source/bundle';
import { openDirectory } from '../../../nodes/shared/source/directory';
import { leastDelay } from '../../support/eventLoop';
import { leastHeld } from '../../support/memory';
import { thrownBy } from '../../support/thrown';
import { file, opener, rawHeader, tarball } from '../../support/tarball';
import { writeTree } from '../../support/tree';

const SELECTION: Selection = { include: ['src/**'], exclude: [] };

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hot-deploy-large-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Whether this process, with all its threads, has a file open. */
function isOpenHere(path: string): boolean {
  return readdirSync('/proc/self/fd').some((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
    } catch {
      return false; // Closed in between.
    }
  });
}

/** Reads one file of a bundle and counts what arrives. */
async function bytesOf(bundle: Bundle, path: string): Promise<number> {
  let bytes = 0;
  for await (const { chunks } of bundle.read(new Set([path])))
    for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

/** For all attempts, on a busy machine. */
const ATTEMPTS_MS = 240_000;

describe('a large directory', () => {
  test(
    'P8: opening 10,000 files leaves the event loop free',
    async () => {
      for (let index = 0; index < 10_000; index += 1) {
        const directory = join(root, `src/package${index % 100}`);
        if (index < 100) mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, `module${index}.py`), `# module ${index}\n`.repeat(50));
      }
      const delay = await leastDelay(async () => {
        const bundle = await openDirectory({ directory: root, selection: SELECTION });
        expect(bundle.entries).toHaveLength(10_000);
      });
      expect(delay).toBeLessThan(50);
    },
    ATTEMPTS_MS,
  );

  test('P8: cancelling in the middle of a large file is obeyed at once', async () => {
    await writeTree(root, { 'src/a': 'x' });
    await truncate(join(root, 'src/a'), 3 * 1024 ** 3);
    const controller = new AbortController();
    const opening = openDirectory({ directory: root, selection: SELECTION, signal: controller.signal });
    const ended = thrownBy(opening);
    while (!isOpenHere(join(root, 'src/a'))) await nextTurn();
    const aborted = performance.now();
    controller.abort();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - aborted).toBeLessThan(500);
  });

  test('P8: memory stays bounded when a 512 MB file is opened and read', async () => {
    await writeTree(root, { 'src/a': 'x' });
    await truncate(join(root, 'src/a'), 512 * 1024 ** 2);
    const most = await leastHeld(async () => {
      const bundle = await openDirectory({ directory: root, selection: SELECTION });
      expect(await bytesOf(bundle, 'src/a')).toBe(512 * 1024 ** 2);
    });
    expect(most).toBeLessThan(64 * 1024 ** 2);
  });
});

describe('a large archive', () => {
  const size = 200 * 1024 ** 2;

  function* generated(): Generator<Buffer> {
    yield rawHeader({ path: 'src/large', size }, 0);
    for (let sent = 0; sent < size; sent += 1024 ** 2) yield Buffer.alloc(1024 ** 2);
    yield Buffer.alloc(1024);
  }

  test.each<[string, () => Readable]>([
    ['plain', () => Readable.from(generated(), { objectMode: false })],
    ['compressed', () => Readable.from(generated(), { objectMode: false }).pipe(createGzip({ level: 1 }))],
  ])('P8: %s, adds less than 64 MB of memory', async (_title, stream) => {
    const most = await leastHeld(async () => {
      const bundle = await openArchive({ open: async () => stream(), selection: SELECTION });
      expect(await bytesOf(bundle, 'src/large')).toBe(size);
    });
    expect(most).toBeLessThan(64 * 1024 ** 2);
  });

  test(
    'P8: that lies in memory as one piece leaves the event loop free',
    async () => {
      const members = Array.from({ length: 10_000 }, (_, index) =>
        file(`src/package${index % 100}/module${index}.py`, `# ${index}\n`.repeat(50)),
      );
      const bytes = tarball(members);
      const delay = await leastDelay(async () => {
        const bundle = await openArchive({ open: opener(bytes, bytes.length), selection: SELECTION });
        expect(bundle.entries).toHaveLength(10_000);
      });
      expect(delay).toBeLessThan(50);
    },
    ATTEMPTS_MS,
  );
});
