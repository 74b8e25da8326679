import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { openArchive } from '../../../nodes/shared/source/archive';
import type { Bundle, BundleLimits, Selection } from '../../../nodes/shared/source/bundle';
import { paths, readAll } from '../../support/bundles';
import { file, opener, pax, tarball, type RawMember } from '../../support/tarball';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const SELECTION: Selection = { include: ['src/**', 'run.py'], exclude: [] };

function openBytes(bytes: Buffer, selection = SELECTION, limits?: BundleLimits): Promise<Bundle> {
  return openArchive({ open: opener(bytes), name: 'engine.tar', selection, limits });
}

function open(members: RawMember[], selection = SELECTION, limits?: BundleLimits): Promise<Bundle> {
  return openBytes(tarball(members), selection, limits);
}

async function refusal(bundle: Promise<Bundle>): Promise<string> {
  const thrown = await thrownBy(bundle);
  expect(thrown.code).toBe('INPUT');
  expect(thrown.message).not.toMatch(/\b(error|problem|failure)\b/i);
  return thrown.message;
}

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hot-deploy-archive-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe('an archive', () => {
  const members = [
    { path: 'src/', type: '5' },
    file('src/a.py', 'a', 0o4764),
    { path: 'src/empty/', type: '5', mode: 0o700 },
    { path: 'src/l', type: '2', linkpath: 'a.py' },
    file('README.md'),
    file('src/a.pyc'),
    file('input/a/b.pdf'),
    file('input/c.pdf'),
  ];

  test.each([
    ['plain', tarball(members)],
    ['compressed', gzipSync(tarball(members))],
  ])('%s, gives files, links and empty directories', async (_title, bytes) => {
    const bundle = await openBytes(bytes);
    expect(bundle.source).toEqual({ type: 'binary', reference: 'engine.tar' });
    expect(bundle.entries).toMatchObject([
      { path: 'src/a.py', type: 'file', mode: 0o544, size: 1 },
      { path: 'src/l', type: 'link', mode: 0o777, size: 0, target: 'a.py' },
      { path: 'src/empty', type: 'directory', mode: 0o555, size: 0, digest: '' },
    ]);
    expect(bundle.ignored).toEqual({ paths: ['README.md', 'src/a.pyc', 'input/'], count: 3 });
    expect(await readAll(bundle)).toEqual([['src/a.py', 'a']]);
    await bundle.close();
  });

  test('is read again for every read, in the order of the entries', async () => {
    const bundle = await open([
      file('src/b', '1'),
      file('src/a', Buffer.alloc(3000, 'x')),
      file('run.py', ''),
    ]);
    expect(await readAll(bundle, ['run.py', 'src/b'])).toEqual([
      ['src/b', '1'],
      ['run.py', ''],
    ]);
    expect(await readAll(bundle, ['src/a'])).toEqual([['src/a', 'x'.repeat(3000)]]);
    expect(await readAll(bundle, [])).toEqual([]);
  });

  test('that became another one between the passes is SOURCE_CHANGED', async () => {
    const before = tarball([file('src/a', '1'), file('src/b', '2')]);
    for (const after of [
      [file('src/a', 'X'), file('src/b', '2')],
      [file('src/b', '2')],
      [file('src/a', '11')],
    ]) {
      let bytes = before;
      const bundle = await openArchive({ open: () => opener(bytes)(), selection: SELECTION });
      bytes = tarball(after);
      const thrown = await thrownBy(readAll(bundle));
      expect(thrown).toMatchObject({ code: 'SOURCE_CHANGED', message: expect.stringContaining('"src/a"') });
    }
  });

  test('its streams are destroyed after use, at an early stop and at close', async () => {
    const streams: Readable[] = [];
    const bytes = gzipSync(tarball([file('src/a', randomBytes(500_000)), file('src/b', '2')]));
    const bundle = await openArchive({
      open: async () => {
        const stream = await opener(bytes, 100)();
        streams.push(stream);
        return stream;
      },
      selection: SELECTION,
    });
    for await (const { chunks } of bundle.read(new Set(['src/a']))) {
      for await (const chunk of chunks) if (chunk.length > 0) break;
      break;
    }
    const reading = bundle.read(new Set(['src/a']))[Symbol.asyncIterator]();
    await reading.next();
    await bundle.close();
    expect(streams).toHaveLength(3);
    expect(streams.every((stream) => stream.destroyed)).toBe(true);
    await reading.return?.();
  });
});

describe('a leading folder', () => {
  const opened = async (members: RawMember[], selection = SELECTION) => paths(await open(members, selection));

  test('that all members share is stripped, with or without entries of its own', async () => {
    const members = [file('engine-1.0/src/a'), file('engine-1.0/run.py')];
    const folder = { path: 'engine-1.0/', type: '5' };
    const global = pax({ comment: 'a'.repeat(40) }, 'g');
    for (const all of [members, [folder, ...members], [...members, folder], [global, folder, ...members]]) {
      expect(await opened(all)).toEqual(['src/a', 'run.py']);
    }
    expect(await opened([{ path: './', type: '5' }, file('./engine/src/a')])).toEqual(['src/a']);
    expect(await opened([{ path: './', type: '5' }, file('./src/a')])).toEqual(['src/a']);
  });

  test.each([
    ['without a leading folder', ''],
    ['with one', 'engine-1.0/'],
  ])(
    'is not mistaken for another because of what a Mac keeps beside each file, %s',
    async (_what, folder) => {
      const members = ['src/a.py', 'run.py'].flatMap((path) => {
        const name = `${folder}${path}`;
        return [file(name.replace(/[^/]+$/, '._$&'), '\0\x05\x16\x07'), file(name)];
      });
      const beside = [file('._engine-1.0'), file('.DS_Store'), file('__MACOSX/engine-1.0/run.py')];
      expect(await opened([...beside, ...members])).toEqual(['src/a.py', 'run.py']);
      expect(await opened([...members, ...beside])).toEqual(['src/a.py', 'run.py']);
      expect((await open([...beside, ...members])).ignored).toEqual({ paths: [], count: 0 });
    },
  );

  test('that patterns own stays', async () => {
    expect(await opened([file('src/a'), file('src/src/b')])).toEqual(['src/a', 'src/src/b']);
  });

  test('that not all members share stays, and is ignored', async () => {
    const bundle = await open([file('x/src/a'), file('x/run.py'), file('src/b'), file('x/src/c')]);
    expect(paths(bundle)).toEqual(['src/b']);
    expect(bundle.ignored).toEqual({ paths: ['x/'], count: 1 });
  });

  test('that is a file or a link is none', async () => {
    expect(await refusal(open([file('x')]))).toContain('it holds "x"');
    expect(await refusal(open([{ path: 'x', type: '2', linkpath: 'y' }, file('x/src/a')]))).toContain(
      'Nothing in',
    );
  });
});

describe('hard links', () => {
  const members: RawMember[] = [
    file('src/a', '1'),
    { path: 'src/b', type: '1', linkpath: 'src/a' },
    file('src/c', '2'),
    { path: 'src/d', type: '1', linkpath: './src/b' },
  ];

  test('have the content of the earlier member, and each of the paths can be asked for', async () => {
    const bundle = await open(members);
    expect(paths(bundle)).toEqual(['src/a', 'src/c', 'src/b', 'src/d']);
    expect(new Set(bundle.entries.map((entry) => entry.digest)).size).toBe(2);
    for (const path of ['src/a', 'src/b', 'src/d'])
      expect(await readAll(bundle, [path])).toEqual([[path, '1']]);
    expect(await readAll(bundle)).toEqual([
      ['src/a', '1'],
      ['src/c', '2'],
      ['src/b', '1'],
      ['src/d', '1'],
    ]);
  });

  test('made by tar are understood, below a leading folder too', async () => {
    const root = join(scratch, 'linked');
    await writeTree(root, { 'src/a': 'one', 'src/z/l': { link: '../a' } });
    await link(join(root, 'src/a'), join(root, 'src/b'));
    await link(join(root, 'src/z/l'), join(root, 'src/z/m'));
    const bytes = execFileSync('tar', ['-C', scratch, '-c', 'linked']);
    const bundle = await openBytes(bytes);
    expect(paths(bundle).sort()).toEqual(['src/a', 'src/b', 'src/z/l', 'src/z/m']);
    expect(await readAll(bundle, ['src/a', 'src/b'])).toHaveLength(2);
  });

  test.each([
    ['a missing file', 'src/none'],
    ['a later file', 'src/later'],
    ['a file that is not selected', 'other/x'],
    ['P7: a file of the machine', '/etc/passwd'],
    ['P7: a file above', '../../etc/passwd'],
  ])('to %s are refused', async (_title, linkpath) => {
    const message = await refusal(
      open([file('other/x'), { path: 'src/h', type: '1', linkpath }, file('src/later')]),
    );
    expect(message).toContain(`"src/h" is a hard link to "${linkpath}"`);
  });

  test('P7: a target outside the leading folder is not mistaken for one inside', async () => {
    const members = [file('x/src/a'), { path: 'x/src/h', type: '1', linkpath: 'y/src/a' }];
    expect(await refusal(open(members))).toContain('is a hard link to "y/src/a"');
  });
});

describe('names', () => {
  test.each([['pax'], ['gnu']])('of any length and script survive the %s format', async (format) => {
    const root = join(scratch, `names-${format}`);
    const tree = Object.fromEntries(
      [
        'a\nb',
        'q"\'',
        'ü'.repeat(120),
        `${'漢'.repeat(80)}/${'漢'.repeat(80)}/${'🎉'.repeat(60)}\n=1`,
        `${'n\n'.repeat(100)}é`,
      ].map((name) => [`src/${name}`, name]),
    );
    await writeTree(root, { ...tree, 'src/l': { link: `${'ü'.repeat(110)}\n/x` } });
    const bytes = execFileSync('tar', ['-C', root, `--format=${format}`, '-c', 'src']);
    for (const chunkBytes of [1, 513, 100_000]) {
      const bundle = await openArchive({ open: opener(bytes, chunkBytes), selection: SELECTION });
      expect(paths(bundle).sort()).toEqual([...Object.keys(tree), 'src/l'].sort());
      expect(bundle.entries.find((entry) => entry.type === 'link')?.target).toBe(`${'ü'.repeat(110)}\n/x`);
    }
  });

  test('ustar prefixes are part of the path', async () => {
    const root = join(scratch, 'prefix');
    const path = `src/${'d'.repeat(90)}/${'f'.repeat(90)}`;
    await writeTree(root, { [path]: '' });
    expect(paths(await openBytes(execFileSync('tar', ['-C', root, '--format=ustar', '-c', 'src'])))).toEqual([
      path,
    ]);
  });
});

test('P8: cancelling ends a source that has stopped sending, and reading', async () => {
  const controller = new AbortController();
  const silent = async (): Promise<Readable> => {
    const stream = new Readable({ read() {} });
    stream.push(tarball([file('src/a')], { end: false }));
    setImmediate(() => controller.abort());
    return stream;
  };
  const opening = openArchive({ open: silent, selection: SELECTION, signal: controller.signal });
  expect(await thrownBy(opening)).toMatchObject({ code: 'CANCELLED' });
  const aborted = openArchive({ open: silent, selection: SELECTION, signal: AbortSignal.abort() });
  expect(await thrownBy(aborted)).toMatchObject({ code: 'CANCELLED' });
});

test('an archive file on disk', async () => {
  const root = join(scratch, 'disk');
  await writeTree(root, { 'src/a': 'a', 'run.py': 'r' });
  execFileSync('tar', ['-C', root, '-czf', join(scratch, 'engine.tgz'), '.']);
  const bundle = await openArchive({
    open: async () => createReadStream(join(scratch, 'engine.tgz')),
    selection: SELECTION,
  });
  expect((await readAll(bundle)).sort()).toEqual([
    ['run.py', await readFile(join(root, 'run.py'), 'utf8')],
    ['src/a', 'a'],
  ]);
});
