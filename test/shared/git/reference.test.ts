import { asCommitId } from '../../../nodes/shared/contract/names';
import fc from 'fast-check';

import {
  checkReference,
  chooseReference,
  isShortCommit,
  namesFor,
} from '../../../nodes/shared/git/reference';
import { asCommit } from '../../support/named';

test.each(['main', 'feature/x', 'v1.2.0', 'refs/heads/main', 'ünïcödé', "it's", '$(x)', 'a;b', '@', 'a{b}'])(
  '%s may be a reference',
  (given) => {
    expect(checkReference(` ${given} `)).toBe(given);
  },
);

test('an empty reference is the default branch', () => {
  expect(checkReference('  ')).toBe('HEAD');
});

test.each([
  '-b',
  '--upload-pack=touch /tmp/x',
  'a b',
  'a\nb',
  'a..b',
  'main~1',
  'main^{tree}',
  'main@{1}',
  'main:run.py',
  'refs/heads/*',
  'a?',
  'a[b]',
  'a\\b',
  '/main',
  'main/',
  '.main',
  'main.',
  'main.lock',
  'a//b',
  'x'.repeat(256),
])('P7: %j is no reference', (given) => {
  expect(() => checkReference(given)).toThrow(
    expect.objectContaining({ code: 'INPUT', message: expect.stringMatching(/^Reference /) }),
  );
});

test('P7: whatever text is given, no name asked for is an option, a pattern or a range', () => {
  const parts = fc.array(
    fc.constantFrom(
      '-',
      '--',
      'main',
      '/',
      '..',
      '^',
      '{',
      '}',
      '*',
      ':',
      '+',
      'refs',
      'heads',
      '@',
      ' ',
      '\n',
      '.',
      '.lock',
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        parts.map((some) => some.join('')),
      ),
      (given) => {
        let reference: string;
        try {
          reference = checkReference(given);
        } catch (error) {
          expect(error).toMatchObject({ name: 'DeployError', code: 'INPUT' });
          return;
        }
        for (const name of namesFor(reference)) {
          expect(name.replace(/\^\{\}$/, '')).not.toMatch(/^[-+^]|[\p{Cc}\s:*?[\\~^]|\.\.|@\{/u);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test.each([
  ['a'.repeat(40), true, false],
  ['A'.repeat(40), true, false],
  ['a'.repeat(64), true, false],
  ['abcd', false, true],
  ['ABCDEF0', false, true],
  ['abc', false, false],
  ['main', false, false],
])('%s: full commit %s, short commit %s', (given, full, short) => {
  expect([asCommitId(given.toLowerCase()) !== undefined, isShortCommit(given)]).toEqual([full, short]);
});

const [one, two, tag] = ['1', '2', '3'].map((digit) => asCommit(digit.repeat(40)));

test('names that only end alike are not taken', () => {
  const advertised = [{ id: one, name: 'refs/remotes/x/refs/heads/main' }];
  expect(chooseReference('main', advertised)).toBeUndefined();
});

test('a tag leads to its commit', () => {
  const advertised = [
    { id: tag, name: 'refs/tags/v1' },
    { id: one, name: 'refs/tags/v1^{}' },
  ];
  expect(chooseReference('v1', advertised)).toEqual({ commit: one, name: 'refs/tags/v1' });
});

test('a branch and a tag of one name are one thing only when they are one commit', () => {
  const branch = { id: one, name: 'refs/heads/v1' };
  expect(chooseReference('v1', [branch, { id: one, name: 'refs/tags/v1' }])).toMatchObject({ commit: one });
  expect(() => chooseReference('v1', [branch, { id: two, name: 'refs/tags/v1' }])).toThrow(
    /“v1” is both a branch and a tag/,
  );
});
