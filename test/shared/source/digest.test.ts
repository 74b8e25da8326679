import fc from 'fast-check';

import { compareBytes, contentDigest } from '../../../nodes/shared/source/digest';

describe('digest', () => {
  it('orders any two texts as their UTF-8 bytes order', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytes(a, b))).toBe(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('tells trees apart that differ in one name, mode, type or content only', () => {
    const entry = { path: 'src/a', type: 'file' as const, mode: 0o444, digest: 'aa' };
    const variants = [
      entry,
      { ...entry, path: 'src/b' },
      { ...entry, path: 'a' },
      { ...entry, mode: 0o555 },
      { ...entry, type: 'link' as const },
      { ...entry, digest: 'ab' },
    ];
    expect(new Set(variants.map((variant) => contentDigest([variant]))).size).toBe(variants.length);
  });
});
