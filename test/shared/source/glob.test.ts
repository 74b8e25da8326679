import fc from 'fast-check';
import picomatch from 'picomatch';

import { glob } from '../../../nodes/shared/source/glob';
import { growsFaster } from '../../support/growth';
import { holds } from '../../support/property';

/** Pieces of names' globs, as far as all agree on what they mean: not negations, for which picomatch looks at the rest, too. */
const PIECES = [
  ...['a', 'b', '.', '-', '\\*', '*', '?', '[ab]', '[^a]', '[a-c]', '{a,b}', '{a,b*}', '{1..3}'],
  ...['@(a|b)', '*(a)', '+(b|ab)', '?(a)', '@(a|*(b)c)'],
];
const name = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(''))
  // Elsewhere a question mark or a plus behind brackets is a regular expression's, and a leading ./ is left out.
  .filter((text) => text !== '.' && !/[)\]}][?+]|\*\*/.test(text))
  // Behind a globstar, picomatch takes what may be empty for a name that isn't there.
  .filter((text) => text === '*' || !glob(text)(''));
const pattern = fc
  .array(fc.oneof({ weight: 3, arbitrary: name }, fc.constant('**')), { minLength: 1, maxLength: 4 })
  .map((names) => names.join('/'))
  // Before a range, picomatch forgets that a dot is one, and takes it for any character.
  .filter((text) => !(text.includes('{1..3}') && text.replaceAll('{1..3}', '').includes('.')));
const path = fc
  .array(
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '-', '*', '2'), minLength: 1, maxLength: 4 }),
    { minLength: 1, maxLength: 4 },
  )
  .filter((names) => !names.some((each) => /^\.\.?$/.test(each)))
  .map((names) => names.join('/'));

/** Its short cuts ask for a letter behind the dot in `*.*`, which the others don't. */
const OPTIONS = { dot: true, strictBrackets: true, flags: 's', fastpaths: false };

test('P7: a glob means what picomatch takes it for', () => {
  let matched = 0;
  holds(
    fc.tuple(pattern, path),
    ([text, tried]) => {
      const expected = picomatch(text, OPTIONS)(tried);
      matched += Number(expected);
      expect([text, tried, glob(text)(tried)]).toEqual([text, tried, expected]);
    },
    5_000,
  );
  expect(matched).toBeGreaterThan(200);
});

test.each([
  ['[!a]b', 'xb', true],
  ['[!a]b', 'ab', false],
  ['x[!a]y', 'x/y', false],
  ['[[:alpha:]_]*', '_1', true],
  ['[[:digit:]]', 'a', false],
  ['[]a]', ']', true],
  ['[a-]', '-', true],
  ['[\\]]', ']', true],
  ['!(a).py', 'a.py', false],
  ['!(a).py', 'b.py', true],
  ['!(a)', 'ab', true],
  ['x!(a|b*)', 'x', true],
  ['x!(a|b*)', 'xbc', false],
  ['!(!(a))', 'a', true],
  ['!(!(a))', 'b', false],
  ['{01..10}.txt', '07.txt', true],
  ['{01..10}.txt', '7.txt', false],
  ['{c..a}', 'b', true],
  ['{a,{b,c}}x', 'cx', true],
  ['{a}', '{a}', true],
  ['a\\b', 'ab', true],
  ['a+(b)', 'a', false],
  ['a.b', 'axb', false],
  ['$^|', '$^|', true],
  ['?', '\n', true],
])('%j and %j: %j', (text, tried, expected) => {
  expect(glob(text)(tried)).toBe(expected);
});

test.each([
  ['[a', 'Missing closing: "]"'],
  ['@(a', 'Missing closing: ")"'],
  ['{a,b', 'Missing closing: "}"'],
  ['a)', 'Missing opening: "("'],
  ['a]', 'Missing opening: "["'],
  ['[b-a]', 'out of order'],
  ['{1..100000}', 'more than 1000'],
  ['@('.repeat(50), 'more than 20 deep'],
])('%j is none: %s', (text, reason) => {
  expect(() => glob(text)).toThrow(reason);
});

test.each([
  ['stars', '*a*a*a*a*a*a*a*b'],
  ['loops in loops', '+(+(+(a)))b'],
  ['alternatives that are the same', '*(a|aa|aaa|a*)b'],
  ['globstars', '**/a/**/a/**/a/**/b'],
])('P8: names of any length take no longer than in proportion: %s', (_, text) => {
  const matches = glob(text);
  const unit = text.includes('/') ? 'a/' : 'a';
  const of = (length: number) => unit.repeat(length);
  expect(growsFaster(matches, of(4_000), of(16_000), 10)).toBe(false);
});

test.each(['*a*b', '*@(a)*b'])('P8: whoever counts is obeyed: %s', (text) => {
  const meter = { left: 100 };
  const name = `${'a'.repeat(500)}b`;
  expect(glob(text)(name, { left: 100_000 })).toBe(true);
  expect(glob(text)(name, meter)).toBe(false);
  expect(meter.left).toBeLessThan(0);
});
