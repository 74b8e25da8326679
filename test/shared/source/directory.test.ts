import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdtemp, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BundleLimits, Selection } from '../../../nodes/shared/source/bundle';
import { openDirectory } from '../../../nodes/shared/source/directory';
import { paths, readAll } from '../../support/bundles';
import { thrownBy } from '../../support/thrown';
import { writeTree, type Tree } from '../../support/tree';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let scratch: string;
let root: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hot-deploy-directory-'));
  root = join(scratch, 'engine');
});

afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

async function open(tree: Tree, selection: Partial<Selection> = {}, limits?: BundleLimits) {
  await writeTree(root, tree);
  return openDirectory({
    directory: root,
    selection: { include: ['src/**', 'run.py'], exclude: [], ...selection },
    limits,
  });
}

test('lists files, links and empty directories with their modes, sizes and digests', async () => {
  await writeTree(root, {
    'src/a.py': 'a\n',
    'src/tool': '#!\n',
    'src/link': { link: 'a.py' },
    'src/empty': null,
  });
  await chmod(join(root, 'src/a.py'), 0o644);
  await chmod(join(root, 'src/tool'), 0o4777);
  const bundle = await open({ 'run.py': 'x' });
  expect(bundle.source).toEqual({ type: 'directory', reference: root });
  expect(bundle.entries).toEqual([
    { path: 'run.py', type: 'file', mode: 0o444, size: 1, digest: sha256('x') },
    { path: 'src/a.py', type: 'file', mode: 0o444, size: 2, digest: sha256('a\n') },
    { path: 'src/empty', type: 'directory', mode: 0o555, size: 0, digest: '' },
    { path: 'src/link', type: 'link', mode: 0o777, size: 0, digest: sha256('a.py'), target: 'a.py' },
    { path: 'src/tool', type: 'file', mode: 0o555, size: 3, digest: sha256('#!\n') },
  ]);
  await bundle.close();
});

test('what is left out is named once, whole directories with a slash', async () => {
  const bundle = await open(
    {
      'src/a.py': 'a',
      'src/__pycache__/a.pyc': '',
      'src/tmp/x/y': '',
      'src/only/b.pyc': '',
      'input/1/2.pdf': '',
      'notes.md': '',
      '.git/config': '',
    },
    { exclude: ['src/tmp'] },
  );
  expect(paths(bundle)).toEqual(['src/a.py']);
  expect([...bundle.ignored.paths].sort()).toEqual([
    '.git/',
    'input/',
    'notes.md',
    'src/__pycache__/',
    'src/only/b.pyc',
    'src/tmp/',
  ]);
  expect(bundle.ignored.count).toBe(6);
});

test('at most 1,000 of the paths left out are listed, all are counted', async () => {
  const tree: Tree = { 'run.py': '' };
  for (let index = 0; index < 1005; index += 1) tree[`note${index}`] = '';
  const bundle = await open(tree);
  expect(bundle.ignored.paths).toHaveLength(1000);
  expect(bundle.ignored.count).toBe(1005);
});

test('names with line ends, quotes, spaces, backslashes and any script are kept as they are', async () => {
  const names = ['a\nb.py', 'q"\'`$.py', ' lead', 'C:\\x', 'ü漢🎉.py', 'u\u0308', '-rf', '%00'];
  const bundle = await open(Object.fromEntries(names.map((name) => [`src/${name}`, name])));
  expect(paths(bundle).sort()).toEqual(names.map((name) => `src/${name}`).sort());
  expect((await readAll(bundle)).every(([path, content]) => path === `src/${content}`)).toBe(true);
});

test('a name that is not UTF-8 is refused', async () => {
  await writeTree(root, { 'src/a.py': '' });
  await writeFile(Buffer.concat([Buffer.from(`${root}/src/`), Buffer.from([0xe9])]), '');
  expect(await thrownBy(open({}))).toMatchObject({
    code: 'INPUT',
    message: expect.stringContaining('UTF-8'),
  });
});

test('a deep tree', async () => {
  const path = `src/${'d/'.repeat(248)}x`;
  expect(paths(await open({ [path]: '' }))).toEqual([path]);
});

test('read yields the wanted files in the order of the entries, large ones in chunks', async () => {
  const large = Buffer.alloc(1_000_000, 'abcdefg');
  const bundle = await open({
    'src/b': large,
    'src/a': '1',
    'src/c': '',
    'src/l': { link: 'a' },
    'run.py': '2',
  });
  expect(await readAll(bundle, ['src/c', 'src/b', 'run.py', 'src/l', 'missing'])).toEqual([
    ['run.py', '2'],
    ['src/b', large.toString()],
    ['src/c', ''],
  ]);
  for await (const { chunks } of bundle.read(new Set(['src/b']))) {
    for await (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(64 * 1024);
  }
});

test('reading may stop at any point and start again', async () => {
  const bundle = await open({ 'src/a': Buffer.alloc(200_000, 'x'), 'src/b': '2' });
  for await (const { chunks } of bundle.read(new Set(['src/a', 'src/b']))) {
    for await (const chunk of chunks) if (chunk.length > 0) break;
    break;
  }
  expect(await readAll(bundle, ['src/b'])).toEqual([['src/b', '2']]);
  await bundle.close();
  await bundle.close();
});

describe('a file that changes between opening and reading is SOURCE_CHANGED and named', () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ['other content of the same size', (path) => writeFile(path, 'B'.repeat(100_000))],
    ['grown', (path) => appendFile(path, 'x')],
    ['shrunk', (path) => truncate(path, 10)],
    ['gone', (path) => unlink(path)],
    ['a directory', (path) => unlink(path).then(() => writeTree(path, { x: '' }))],
    [
      'a link to the same content',
      (path) => unlink(path).then(() => writeTree(root, { 'src/a.py': { link: '../input/same' } })),
    ],
    ['a FIFO', (path) => unlink(path).then(() => execFileSync('mkfifo', [path]))],
  ])('%s', async (_title, change) => {
    const bundle = await open({
      'src/a.py': 'A'.repeat(100_000),
      'input/same': 'A'.repeat(100_000),
      'run.py': 'A',
    });
    await change(join(root, 'src/a.py'));
    const thrown = await thrownBy(readAll(bundle));
    expect(thrown).toMatchObject({ code: 'SOURCE_CHANGED' });
    expect(thrown.message).toMatch(/"src\/a\.py".*again/);
    expect(await readAll(bundle, ['run.py'])).toEqual([['run.py', 'A']]);
  });
});

describe('what cannot be deployed is refused by name', () => {
  test('a FIFO, only where it is selected', async () => {
    await writeTree(root, { 'src/a.py': '' });
    execFileSync('mkfifo', [join(root, 'src/pipe')]);
    const thrown = await thrownBy(open({}));
    expect(thrown).toMatchObject({ code: 'INPUT', message: expect.stringContaining('"src/pipe" is a FIFO') });
    expect(paths(await open({}, { exclude: ['src/pipe'] }))).toEqual(['src/a.py']);
  });

  test('a socket', async () => {
    await writeTree(root, { 'src/a.py': '' });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'src/socket'), resolve));
    try {
      expect((await thrownBy(open({}))).message).toContain('"src/socket" is a socket');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('P7: links that leave the source, and reserved names', async () => {
    const outside = await thrownBy(open({ 'src/l': { link: '../../etc/passwd' } }));
    expect(outside).toMatchObject({ code: 'INPUT', message: expect.stringContaining('"../../etc/passwd"') });
    const reserved = await thrownBy(open({ 'releases/x': '' }, { include: ['*'], exclude: ['src'] }));
    expect(reserved).toMatchObject({ code: 'INPUT', message: expect.stringContaining('"releases/x"') });
  });

  test('P7: links to directories are entries and not walked into', async () => {
    await writeTree(join(scratch, 'secret'), { key: 'x' });
    const bundle = await open({ 'src/lib/a': '', 'src/l': { link: 'lib' } });
    expect(paths(bundle)).toEqual(['src/l', 'src/lib/a']);
  });

  test('more than the limits, at the entry that passes them', async () => {
    const tree = { 'src/a': '12345', 'src/b': '12345', 'src/c': '12345' };
    const bytes = await thrownBy(open(tree, {}, { maxBytes: 14, maxEntries: 10 }));
    expect(bytes.message).toMatch(/more than 14 bytes.*"src\/[abc]"/);
    const entries = await thrownBy(open(tree, {}, { maxBytes: 100, maxEntries: 2 }));
    expect(entries.message).toMatch(/more than 2 entries.*"src\/c"/);
  });

  test('a selection that selects nothing, with the patterns and what there is', async () => {
    const thrown = await thrownBy(open({ 'app/a.py': '', 'README.md': '' }, { exclude: ['x'] }));
    expect(thrown.code).toBe('INPUT');
    for (const part of ['"src/**", "run.py"', 'without "x"', '"README.md", "app"']) {
      expect(thrown.message).toContain(part);
    }
  });
});

describe('a source directory', () => {
  const at = (directory: string) =>
    thrownBy(openDirectory({ directory, selection: { include: ['src/**'], exclude: [] } }));

  test('that is missing is NOT_FOUND', async () => {
    expect(await at(join(scratch, 'nowhere'))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('nowhere" does not exist'),
    });
  });

  test('that is a file is INPUT', async () => {
    await writeFile(join(scratch, 'file'), '');
    const thrown = await at(join(scratch, 'file'));
    expect(thrown).toMatchObject({ code: 'INPUT', message: expect.stringContaining('is not a directory') });
  });

  test('that may not be read is INPUT, and so is one below it', async () => {
    await writeTree(root, { 'src/a': '', 'src/locked/b': '' });
    await chmod(scratch, 0o755);
    await chmod(join(root, 'src/locked'), 0o000);
    expect(await unprivileged(() => at(root))).toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(/"src\/locked" can't be read.*EACCES/),
    });
    await chmod(root, 0o000);
    expect(await unprivileged(() => at(root))).toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(/engine" can't be read.*EACCES/),
    });
    await chmod(root, 0o755);
    await chmod(join(root, 'src/locked'), 0o755);
  });
});

test('P8: cancelling stops opening and reading', async () => {
  const bundle = await open({ 'src/a': 'x', 'src/b': 'y' });
  const selection = { include: ['src/**'], exclude: [] };
  const aborted = AbortSignal.abort();
  expect(await thrownBy(openDirectory({ directory: root, selection, signal: aborted }))).toMatchObject({
    code: 'CANCELLED',
  });
  await bundle.close();

  const controller = new AbortController();
  const cancellable = await openDirectory({ directory: root, selection, signal: controller.signal });
  const read: string[] = [];
  const reading = (async () => {
    for await (const { entry, chunks } of cancellable.read(new Set(['src/a', 'src/b']))) {
      for await (const chunk of chunks) read.push(`${entry.path} ${chunk.length}`);
      controller.abort();
    }
  })();
  expect(await thrownBy(reading)).toMatchObject({ code: 'CANCELLED' });
  expect(read).toEqual(['src/a 1']);
});

/** Runs with the rights of nobody where the tests run as root, whom permissions don't stop. */
async function unprivileged<T>(action: () => Promise<T>): Promise<T> {
  if (process.getuid!() !== 0) return action();
  process.seteuid!(65534);
  try {
    return await action();
  } finally {
    process.seteuid!(0);
  }
}
