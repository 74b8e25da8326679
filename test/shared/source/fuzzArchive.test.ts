import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import { openArchive } from '../../../nodes/shared/source/archive';
import type { Bundle } from '../../../nodes/shared/source/bundle';
import { fuzz } from '../../support/fuzz';
import { size } from '../../support/size';
import { file, opener, pax, type RawMember, tarball } from '../../support/tarball';

jest.setTimeout(300_000);

const LIMITS = { maxBytes: 2_000_000, maxEntries: 100 };
const SELECTION = { include: ['*', '*/**'], exclude: ['left/out/**'] };
const RESERVED = ['current', 'releases', 'environments', 'backups', '.hot-deploy'];

const part = fc.constantFrom(
  'src',
  'a',
  'b',
  '..',
  '.',
  '',
  'current',
  '.hot-deploy',
  '-rf',
  'run.py',
  'é',
  'e\u0301',
);
const path = fc.oneof(
  { weight: 12, arbitrary: fc.nat(999).map((number) => `src/${number % 7}d/${number}`) },
  { weight: 1, arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')) },
  { weight: 1, arbitrary: fc.string({ maxLength: 30, unit: 'binary' }) },
);
const content = fc.oneof(fc.string({ maxLength: 100 }), fc.constant('x'.repeat(3000)));

const member: fc.Arbitrary<RawMember> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.tuple(path, fc.nat(9)).map(([at, up]) => ({ path: at, type: '2', linkpath: `../${up}` })),
  },
  { weight: 16, arbitrary: fc.tuple(path, content, fc.nat(0o7777)).map((each) => file(...each)) },
  fc.record({ path, type: fc.constantFrom('1', '2'), linkpath: path }),
  fc.record({ path, type: fc.constantFrom('3', '4', '5', '6', '7', 'S', 'L', 'K', 'V', 'x', 'g'), content }),
  fc
    .dictionary(
      fc.constantFrom('path', 'linkpath', 'size', 'GNU.sparse.major', 'mtime'),
      fc.oneof(path, fc.nat().map(String)),
    )
    .map((records) => pax(records)),
  fc.record({ path, size: fc.oneof(fc.nat(5_000_000), fc.string({ maxLength: 12 })) }),
);

/** Bytes changed, moved, doubled or cut off in an archive. `fixed`: with headers whose checksums match again. */
interface Damage {
  flips: ReadonlyArray<[at: number, value: number]>;
  splice: [from: number, to: number, length: number] | null;
  cut: number | null;
  fixed: boolean;
  packed: boolean;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  flips: fc.oneof(
    fc.constant<Damage['flips']>([]),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
  ),
  splice: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.tuple(fc.nat(), fc.nat(), fc.nat(2000))),
  cut: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.nat()),
  fixed: fc.boolean(),
  packed: fc.boolean(),
});

function damaged(members: readonly RawMember[], how: Damage): Buffer {
  let bytes = tarball(members);
  for (const [at, value] of how.flips) bytes[at % bytes.length] = value;
  if (how.splice) {
    const [from, to, length] = how.splice.map((each, index) => (index < 2 ? each % bytes.length : each));
    bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, from + length), bytes.subarray(to)]);
  }
  if (how.fixed) fixChecksums(bytes);
  if (how.packed) bytes = gzipSync(bytes);
  return how.cut === null ? bytes : bytes.subarray(0, how.cut % (bytes.length + 1));
}

/** So that damage gets past the checksum of the block that it hit, and deeper. */
function fixChecksums(bytes: Buffer): void {
  for (let start = 0; start + 512 <= bytes.length; start += 512) {
    const header = bytes.subarray(start, start + 512);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}

/** What no bundle may hold, found out in another way than the code under test does. */
async function expectHarmless(bundle: Bundle): Promise<void> {
  const types = new Map(bundle.entries.map((entry) => [entry.path, entry.type]));
  expect(types.size).toBe(bundle.entries.length);
  expect(bundle.entries.length).toBeLessThanOrEqual(LIMITS.maxEntries);
  expect(bundle.entries.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(LIMITS.maxBytes * 2);
  for (const entry of bundle.entries) {
    expect(posix.normalize(entry.path)).toBe(entry.path);
    expect(posix.join('/base', entry.path)).toMatch(/^\/base\/./s);
    expect(entry.path).not.toMatch(/\0/);
    expect(RESERVED).not.toContain(entry.path.split('/')[0]);
    if (entry.type !== 'link') expect(entry.mode & ~0o555).toBe(0);
    for (let parent = posix.dirname(entry.path); parent !== '.'; parent = posix.dirname(parent)) {
      expect(['link', 'file']).not.toContain(types.get(parent));
    }
    if (entry.type === 'link') {
      expect(posix.join('/base', posix.dirname(entry.path), entry.target ?? '/')).toMatch(/^\/base(\/|$)/);
      expect(entry.target).not.toMatch(/^\//);
    }
  }
  await expectReadable(bundle);
}

async function expectReadable(bundle: Bundle): Promise<void> {
  const files = bundle.entries.filter(({ type }) => type === 'file');
  const read: string[] = [];
  for await (const { entry, chunks } of bundle.read(new Set(files.map((each) => each.path)))) {
    const hash = createHash('sha256');
    for await (const chunk of chunks) hash.update(chunk);
    expect(hash.digest('hex')).toBe(entry.digest);
    read.push(entry.path);
  }
  expect(read.sort()).toEqual(files.map((each) => each.path).sort());
}

test('P7: whatever an archive holds, it is refused in a sentence or harmless', async () => {
  let accepted = 0;
  await fuzz(
    fc.asyncProperty(fc.array(member, { maxLength: 6 }), damage, async (members, how) => {
      const bytes = damaged(members, how);
      const opening = openArchive({ open: opener(bytes), selection: SELECTION, limits: LIMITS });
      const outcome = await opening.catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(DeployError);
        expect(outcome).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/\S+ \S+ \S+/) });
        expect(outcome.message).not.toMatch(/undefined|is not a function|Cannot read/);
        return;
      }
      accepted += 1;
      await expectHarmless(outcome as Bundle);
      await (outcome as Bundle).close();
    }),
    size(600, 1500),
  );
  // Refusing everything would be harmless, too.
  expect(accepted).toBeGreaterThan(50);
});
