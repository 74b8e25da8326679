import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import { LimitCounter } from '../../../nodes/shared/source/bundleLimits';
import { checkLinks } from '../../../nodes/shared/source/links';
import {
  checkDuplicates,
  checkEntryPath,
  mergedNames,
  refuseMergedNames,
} from '../../../nodes/shared/source/paths';
import { thrownBy } from '../../support/thrown';
import { RESERVED_NAMES } from '../../../nodes/shared/contract/reservedNames';
import { refuseReservedNames } from '../../../nodes/shared/source/reserved';

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DeployError);
    expect((thrown as DeployError).code).toBe('INPUT');
    return (thrown as DeployError).message;
  }
  throw new Error('nothing was refused');
}

describe('checkEntryPath', () => {
  test.each([
    ['./src/a.py', 'src/a.py'],
    ['src/', 'src'],
    ['src//a/./b', 'src/a/b'],
    ['C:\\x', 'C:\\x'],
    ['a\nb"c', 'a\nb"c'],
    [`${'é'.repeat(127)}x`, `${'é'.repeat(127)}x`],
  ])('%j becomes %j', (raw, path) => {
    expect(checkEntryPath(raw)).toBe(path);
  });

  test.each([
    ['/etc/passwd', 'absolute'],
    ['//etc/passwd', 'absolute'],
    ['../x', '".." part'],
    ['src/../../x', '".." part'],
    ['src/..', '".." part'],
    ['', 'empty'],
    ['./', 'empty'],
    ['src/a\0.py', 'NUL'],
    ['src/\uFFFD', 'UTF-8'],
    ['src/\uD800', 'UTF-8'],
    ['é'.repeat(128), '255 bytes'],
    ['abcdefghi/'.repeat(401), '4000 bytes'],
    ['a/'.repeat(251), '250 directories deep'],
  ])('P7: %j is refused (%s)', (raw, phrase) => {
    const message = refusal(() => checkEntryPath(raw));
    expect(message).toContain(phrase);
    expect(message.length).toBeLessThan(600);
  });

  test('P7: whatever is accepted stays below the root', () => {
    const raw = fc.array(fc.constantFrom('a', '..', '.', '', '...', '/', 'b'), { maxLength: 6 });
    fc.assert(
      fc.property(raw, (parts) => {
        let path: string;
        try {
          path = checkEntryPath(parts.join('/'));
        } catch {
          return;
        }
        expect(path.split('/').every((part) => !['', '.', '..'].includes(part))).toBe(true);
      }),
    );
  });
});

describe('checkLinks', () => {
  const link = (path: string, target: string) => ({ path, type: 'link' as const, target });
  const file = (path: string) => ({ path, type: 'file' as const });

  test.each<[string, Array<[string, string]>]>([
    ['a neighbour', [['src/a', 'b']]],
    ['up and down again', [['src/a/b', '../../config/x']]],
    ['the root itself', [['src/a', '..']]],
    ['a target that is not there', [['src/a', 'missing/x/../y']]],
    ['through another link, inside', [['a/l', '../b/c'], ['x', 'a/l/../d']]], // prettier-ignore
  ])('keeps links to %s', (_title, links) => {
    expect(() => checkLinks(links.map(([path, target]) => link(path, target)))).not.toThrow();
  });

  test.each<[string, Array<[string, string]>, string]>([
    ['absolute', [['src/a', '/etc/passwd']], '"src/a" -> "/etc/passwd"'],
    ['out of the root', [['src/a', '../../x']], '"src/a" -> "../../x"'],
    ['out and back in', [['src/a', '../../app/src/b']], 'leads out'],
    [
      'out as text, though not through links',
      [
        ['l', 'a/b/c'],
        ['x', 'l/../../y'],
      ],
      '"x" -> "l/../../y"',
    ],
    [
      'out through another link',
      [
        ['deep/er/up', '../..'],
        ['x/y', '../deep/er/up/../z'],
      ],
      'through other links',
    ],
    [
      'out through a chain',
      [
        ['d/a', '..'],
        ['d/b', 'a'],
        ['d/c', 'b/..'],
      ],
      '"d/c"',
    ],
    [
      'in a circle',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      'circle',
    ],
    ['at itself', [['a', 'a/x']], 'circle'],
    ['nowhere', [['a', '']], 'empty'],
    ['at a NUL', [['a', 'b\0c']], 'NUL'],
    ['at bytes that are not UTF-8', [['a', '\uFFFD']], 'UTF-8'],
    ['too far', [['a', 'b/'.repeat(2100)]], '4095 bytes'],
  ])('P7: refuses links that point %s', (_title, links, phrase) => {
    // prettier-ignore
    expect(refusal(() => checkLinks(links.map(([path, target]) => link(path, target))))).toContain(phrase);
  });

  test('P7: refuses entries below a link (a write through a link), in either order', () => {
    for (const entries of [
      [link('src', 'other'), file('src/a.py')],
      [file('src/x/a.py'), link('src', 'other')],
    ]) {
      expect(refusal(() => checkLinks(entries))).toContain('write through a link');
    }
    expect(refusal(() => checkLinks([file('src'), file('src/a')]))).toContain('which is a file');
  });

  test('a chain is followed as far as Linux would follow it', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) => link(`l${index}`, index === 0 ? 'end' : `l${index - 1}`));
    expect(() => checkLinks(chain(40))).not.toThrow();
    expect(() => checkLinks(chain(40).reverse())).not.toThrow();
    expect(refusal(() => checkLinks(chain(41)))).toContain('40 links');
    expect(refusal(() => checkLinks(chain(50_000).reverse()))).toContain('40 links');
  });

  test('P8: links that double with every step take no longer than their text', () => {
    const doubling = Array.from({ length: 5000 }, (_, index) =>
      link(`l${index}`, index === 0 ? '.' : `${`l${index - 1}/`.repeat(2)}.`),
    );
    const started = performance.now();
    expect(refusal(() => checkLinks(doubling))).toContain('40 links');
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('names', () => {
  const entries = (...paths: string[]) => paths.map((path) => ({ path }));

  test('exact duplicates are refused', () => {
    expect(refusal(() => checkDuplicates(entries('a', 'b', 'a')))).toContain('"a" twice');
    expect(() => checkDuplicates(entries('a', 'A'))).not.toThrow();
  });

  test.each<[string, string[], Array<[string, string]>]>([
    ['case', ['src/A.py', 'src/a.py'], [['src/A.py', 'src/a.py']]],
    ['composition', ['\u00e9', 'e\u0301'], [['\u00e9', 'e\u0301']]],
    [
      'both forms of sigma',
      ['ΑΣ', 'ας', 'ασ'],
      [
        ['ΑΣ', 'ας'],
        ['ΑΣ', 'ασ'],
      ],
    ],
    ['sharp s', ['ẞ', 'ß'], [['ẞ', 'ß']]],
    ['directories on the way', ['Src/a', 'src/b', 'src/a'], [['Src', 'src']]],
    ['nothing', ['src/a', 'src/b', 'config/a'], []],
  ])('mergedNames finds %s', (_title, paths, pairs) => {
    // prettier-ignore
    expect(mergedNames(entries(...paths))).toEqual(pairs);
  });

  test('refuseMergedNames names both', async () => {
    const { message } = await thrownBy(refuseMergedNames(entries('src/A.py', 'src/a.py')));
    expect(message).toContain('"src/A.py" and "src/a.py"');
    await refuseMergedNames(entries('a', 'b'));
  });

  test.each(RESERVED_NAMES)('P7: the reserved name %s is refused at the top level only', (name) => {
    expect(refusal(() => refuseReservedNames(entries('src/a', `${name}/x`)))).toContain(`"${name}/x"`);
    expect(refusal(() => refuseReservedNames(entries(name)))).toContain(`"${name}"`);
    expect(() => refuseReservedNames(entries(`src/${name}`))).not.toThrow();
  });
});

describe('LimitCounter', () => {
  test('names the entry at which a limit is passed', () => {
    const limits = new LimitCounter({ maxBytes: 10, maxEntries: 1 });
    limits.addEntry('a');
    limits.addBytes('a', 10);
    expect(refusal(() => limits.addEntry('b'))).toContain('more than 1 entries');
    expect(refusal(() => limits.addBytes('c', 1))).toMatch(/more than 10 bytes.*"c"/);
  });
});
