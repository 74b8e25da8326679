import fc from 'fast-check';

import type { BundleEntry } from '../../../nodes/shared/source/bundle';
import { contentDigest, directoryDigests, OrderedDigest } from '../../../nodes/shared/source/digest';
import { evaluate } from '../../support/pythonModule';

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 6 })
  .map((text) => text.replace(/[/\0]/g, '\n'))
  .filter((text) => text !== '.' && text !== '..');

const entry = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
  type: fc.constantFrom('file' as const, 'link' as const, 'directory' as const),
  mode: fc.constantFrom(0o444, 0o555, 0o400, 0o777, 0),
  digest: fc.oneof(
    fc.constant(''),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }),
  ),
});

const entries = fc.uniqueArray(entry, { selector: ({ path }) => path, maxLength: 12 });

const CODE = `
from hot_deploy import tree

def digests(rows):
    entries = [tree.Entry(row["path"], row["type"], row["mode"], digest=row["digest"]) for row in rows]
    return [sorted(tree.directory_digests(entries).items()), tree.content_digest(entries)]

json.dump([digests(rows) for rows in json.load(sys.stdin)], sys.stdout)
`;

type Digests = [directories: Array<[string, string]>, content: string];

function both(samples: Array<Array<Pick<BundleEntry, 'path' | 'type' | 'mode' | 'digest'>>>): {
  here: Digests[];
  there: Digests[];
} {
  const sorted = (rows: Array<[string, string]>) =>
    rows.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const here = samples.map((rows): Digests => [sorted([...directoryDigests(rows)]), contentDigest(rows)]);
  const there = evaluate<Digests[]>(CODE, samples).map(([rows, content]): Digests => [sorted(rows), content]);
  return { here, there };
}

it('both sides compute the same digests of any entries', () => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 250, maxLength: 250, size: 'max' }), (samples) => {
      const { here, there } = both(samples);
      expect(there).toEqual(here);
    }),
    { numRuns: 3 },
  );
});

it('both sides order names beyond the BMP, with line breaks and with shared beginnings alike', () => {
  const names = [
    '\u{1f600}',
    '\uffee',
    '\ue000',
    'a\nb',
    'a',
    'a b',
    'a\nb/c',
    'é',
    'e\u0301',
    'Z',
    'a.b',
    'a-b/c',
  ];
  const rows = names.map((path) => ({ path, type: 'file' as const, mode: 0o444, digest: 'ab' }));
  const { here, there } = both([rows, [...rows].reverse(), []]);
  expect(there).toEqual(here);
  expect(here[0]).toEqual(here[1]);
});

it('other path, type, mode or content: another digest', () => {
  const base = { path: 'src/a', type: 'file' as const, mode: 0o444, digest: 'ab' };
  const changed = [
    { path: 'src/b' },
    { path: 'a' },
    { type: 'link' as const },
    { mode: 0o555 },
    { digest: 'ac' },
  ];
  const digests = [base, ...changed.map((change) => ({ ...base, ...change }))].map((row) =>
    contentDigest([row]),
  );
  expect(new Set(digests).size).toBe(digests.length);
});

it('the digest of entries in the order in which the executor sends them is that of the whole tree', () => {
  const code = `
from hot_deploy import tree

def ordered(rows):
    entries = [tree.Entry(row["path"], row["type"], row["mode"], digest=row["digest"]) for row in rows]
    return [{"path": e.path, "type": e.type, "mode": e.mode, "digest": e.digest} for e in tree.by_directory(entries)]

json.dump([ordered(rows) for rows in json.load(sys.stdin)], sys.stdout)
`;
  fc.assert(
    fc.property(fc.array(entries, { minLength: 200, maxLength: 200, size: 'max' }), (samples) => {
      const digests = evaluate<typeof samples>(code, samples).map((rows) => {
        const ordered = new OrderedDigest();
        for (const row of rows) ordered.add(row);
        return ordered.digest();
      });
      expect(digests).toEqual(samples.map((rows) => contentDigest(rows)));
    }),
    { numRuns: 2 },
  );
});
