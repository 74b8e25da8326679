import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { openArchive } from '../../../nodes/shared/source/archive';
import type { Bundle, BundleLimits, Selection } from '../../../nodes/shared/source/bundle';
import { paths } from '../../support/bundles';
import { file, opener, pax, rawHeader, tarball, type RawMember } from '../../support/tarball';
import { thrownBy } from '../../support/thrown';

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

describe('P7: hostile members make the whole archive unusable', () => {
  test.each<[string, RawMember[], string]>([
    ['an absolute path', [file('/etc/cron.d/x')], '"/etc/cron.d/x" has an absolute path'],
    ['a path that leaves', [file('src/../../x')], '".." part'],
    ['a path that leaves, in a pax header', [pax({ path: 'src/../../x' }), file('src/a')], '".." part'],
    ['a directory that leaves', [{ path: '../', type: '5' }], '".." part'],
    ['a NUL in a pax path', [pax({ path: 'src/a\0.txt' }), file('src/a')], 'NUL'],
    ['bytes that are not UTF-8', [{ path: Buffer.from([0x73, 0x72, 0x63, 0x2f, 0xe9]) }], 'UTF-8'],
    ['a symbolic link out', [{ path: 'src/l', type: '2', linkpath: '../..' }], '"src/l" -> "../.."'],
    ['an absolute symbolic link', [{ path: 'src/l', type: '2', linkpath: '/etc' }], '"/etc"'],
    [
      'a write through a symbolic link',
      [{ path: 'src/l', type: '2', linkpath: '.' }, file('src/l/a')],
      'write through a link',
    ],
    [
      'a link in place of a directory with content',
      [{ path: 'src/d/', type: '5' }, file('src/d/a'), { path: 'src/d', type: '2', linkpath: '..' }],
      'write through a link',
    ],
    ['the same path twice', [file('src/a', '1'), file('./src//a', '2')], '"src/a" twice'],
    ['a directory and a file of one name', [{ path: 'src/a/', type: '5' }, file('src/a')], 'twice'],
    ['a character device', [{ path: 'src/d', type: '3' }], '"src/d" is a device'],
    ['a block device', [{ path: 'src/d', type: '4' }], '"src/d" is a device'],
    ['a FIFO', [{ path: 'src/d', type: '6' }], '"src/d" is a FIFO'],
    ['a type nobody knows', [{ path: 'src/d', type: 'Z' }], '"src/d" is a member of type'],
    ['an old sparse file', [{ path: 'src/d', type: 'S' }], '"src/d" is a member of type'],
    ['a pax sparse file', [pax({ 'GNU.sparse.major': '1' }), file('src/d')], '"src/d" is a sparse file'],
    [
      'a hard link with content',
      [{ path: 'src/d', type: '1', linkpath: 'src/a', content: 'x' }],
      'for a link',
    ],
    ['a global header with a path', [pax({ path: 'src/b' }, 'g'), file('src/a')], 'global header'],
    ['a global header with a link target', [pax({ linkpath: '/etc' }, 'g'), file('src/a')], 'global header'],
    ['a pax size that is no number', [pax({ size: '1e3' }), file('src/a')], 'no valid size'],
    ['malformed pax records', [{ path: 'p', type: 'x', content: '99 path=x\n' }, file('src/a')], 'malformed'],
    ['pax records without end', [{ path: 'p', type: 'x', content: '9 path=ab' }, file('src/a')], 'malformed'],
    ['no end of extended headers', Array.from({ length: 9 }, () => pax({ path: 'a' })), 'too many'],
    ['a huge extended header', [{ path: 'p', type: 'x', size: 2 ** 21 }], 'no sensible size'],
    ['a size that is no number', [{ path: 'src/b', size: 'zzz' }], 'no valid size'],
    ['a negative size', [{ path: 'src/b', size: '\xff'.repeat(12) }], 'no valid size'],
    ['a size no number can hold', [{ path: 'src/b', size: `\x80${'\xff'.repeat(11)}` }], "can't be decoded"],
    ['a wrong checksum', [file('src/a'), { ...file('src/b'), checksum: '000001\0 ' }], 'checksum'],
    ['a reserved name', [file('current/a')], 'it holds'],
  ])('%s', async (_title, members, phrase) => {
    expect(await refusal(open([file('run.py'), ...members].slice(phrase === 'it holds' ? 1 : 0)))).toContain(
      phrase,
    );
  });

  test('a reserved name that the patterns select', async () => {
    const selection = { include: ['*'], exclude: [] };
    expect(await refusal(open([file('a'), file('releases/x')], selection))).toContain('"releases/x"');
  });

  test('a pax size decides how much belongs to a member, so that nothing can hide inside it', async () => {
    const hidden = tarball([file('src/hidden')], { end: false });
    const bundle = await open([pax({ size: String(hidden.length) }), { ...file('src/a', hidden), size: 0 }]);
    expect(paths(bundle)).toEqual(['src/a']);
    expect(bundle.entries[0].size).toBe(hidden.length);
  });

  test('a pax size says nothing about the extended headers in between', async () => {
    const long: RawMember = { path: '././@LongLink', type: 'L', content: 'src/long\0' };
    expect(paths(await open([pax({ size: '3' }), long, file('x', 'abc')]))).toEqual(['src/long']);
  });
});

describe('what is not a whole tar archive is refused in a sentence', () => {
  const members = [file('src/a', Buffer.alloc(5000, 'a')), file('src/b', Buffer.alloc(5000, 'b'))];

  test.each<[string, Buffer | string, string]>([
    ['zip', 'PK\x03\x04rest', 'The archive "engine.tar" looks like a zip file'],
    ['bzip2', 'BZh91AY', 'bzip2'],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'an xz file'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), 'a zstd file'],
    ['a sign-in page', '<!doctype html>'.padEnd(600), 'an HTML or XML page'],
    ['anything', 'x'.repeat(600), 'something else'],
    ['nothing', '', 'is empty'],
    ['gzip twice', gzipSync(gzipSync(tarball(members))), 'The content of the archive'],
    ['a compressed text', gzipSync('hello'), 'The content of the archive'],
  ])('%s', async (_title, bytes, phrase) => {
    expect(await refusal(openBytes(Buffer.from(bytes)))).toContain(phrase);
  });

  test('an archive without members', async () => {
    expect(await refusal(open([]))).toContain('it is empty');
  });

  test.each([
    ['in a header', 5120 + 512 + 100, 'src/a'],
    ['in the content', 5120 + 512 + 512 + 100, 'src/b'],
    ['between two members', 5120 + 512, 'src/a'],
    ['before the closing zeros', 2 * (5120 + 512), 'src/b'],
    ['within the closing zeros', 2 * (5120 + 512) + 512, 'src/b'],
  ])('cut off %s', async (_title, length, reached) => {
    const message = await refusal(openBytes(tarball(members).subarray(0, length)));
    expect(message).toContain(`cut off, at "${reached}"`);
  });

  test('cut off while compressed, at every length', async () => {
    const bytes = gzipSync(tarball([file('src/a', 'a'), file('src/b', 'b')]));
    for (let length = 1; length < bytes.length; length += 7) {
      expect(await refusal(openBytes(bytes.subarray(0, length)))).toMatch(/cut off|something else/);
    }
  });

  test('damaged while compressed, at the member that was reached', async () => {
    const noise = (path: string) => file(path, randomBytes(300_000));
    const bytes = gzipSync(tarball([noise('src/a'), noise('src/b'), noise('src/c')]));
    const message = await refusal(openBytes(bytes.fill(0xff, 500_000, 500_010)));
    expect(message).toMatch(/can't be read on \(.*\), at "src\/[abc]"/);
  });

  test('whose compressed content does not have its checksum', async () => {
    const bytes = gzipSync(tarball(members));
    bytes[bytes.length - 6] ^= 0xff;
    expect(await refusal(openBytes(bytes))).toContain('incorrect data check');
  });

  test('zeros in the middle', async () => {
    const bytes = Buffer.concat([
      tarball([file('src/a')], { end: false }),
      Buffer.alloc(512),
      tarball([file('src/b')]),
    ]);
    expect(await refusal(openBytes(bytes))).toContain('block of zeros in the middle, at "src/a"');
  });

  test('a stream that breaks, or can not be opened', async () => {
    const broken = openArchive({
      open: async () => createReadStream(join(tmpdir(), randomBytes(8).toString('hex'))),
      selection: SELECTION,
    });
    expect(await refusal(broken)).toContain('ENOENT');
  });
});

describe('limits', () => {
  test('the declared size is checked before anything is read', async () => {
    const header = rawHeader({ path: 'src/huge', size: 2 ** 40 }, 0);
    let served = 0;
    const endless = async (): Promise<Readable> =>
      Readable.from(
        (async function* chunks() {
          yield header;
          for (;;) {
            served += 65_536;
            yield Buffer.alloc(65_536);
          }
        })(),
        { objectMode: false },
      );
    expect(await refusal(openArchive({ open: endless, selection: SELECTION }))).toMatch(/bytes.*"src\/huge"/);
    expect(served).toBeLessThan(1_000_000);
  });

  test('a gzip bomb is stopped at the limit, ignored members and what follows the end included', async () => {
    const zeros = Buffer.alloc(20_000_000);
    const limits = { maxBytes: 1_000_000, maxEntries: 10 };
    for (const bytes of [
      tarball([file('other/x', zeros)]),
      Buffer.concat([tarball([file('run.py')]), zeros]),
    ]) {
      expect(await refusal(openBytes(gzipSync(bytes), SELECTION, limits))).toContain('1,000,000 bytes');
    }
  });

  test('the number of members', async () => {
    const limits = { maxBytes: 1_000_000, maxEntries: 2 };
    const members = [file('src/a'), file('other/b'), file('src/c')];
    expect(await refusal(open(members, SELECTION, limits))).toMatch(/2 entries.*"src\/c"/);
  });
});
