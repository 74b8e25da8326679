import fc from 'fast-check';

import { quoted } from '../../../../nodes/shared/executor/failures/repr';
import { evaluate } from '../../../support/pythonModule';
import { nasty } from '../../../support/fuzz';

const byPython = (values: unknown[]): string[] =>
  evaluate('print(json.dumps([repr(value) for value in json.load(sys.stdin)]))', values);

test.each<[unknown, string]>([
  ['app', "'app'"],
  ["it's", `"it's"`],
  [`it's "so"`, `'it\\'s "so"'`],
  ['a\\b\n\t\r', "'a\\\\b\\n\\t\\r'"],
  ['\0\u007f\u00a0é“🙂\u{e0001}', "'\\x00\\x7f\\xa0é“🙂\\U000e0001'"],
  ['\ud800', "'\\ud800'"],
  [null, 'None'],
  [true, 'True'],
  [[7, 'x', { "a'": [false] }], `[7, 'x', {"a'": [False]}]`],
])('%j is shown as Python shows it', (value, shown) => {
  expect(quoted(value)).toBe(shown);
  expect(byPython([value])).toEqual([shown]);
});

test('so is any text', () => {
  const characters = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.constantFrom("'", '"', '\\', '\u2028', '\ufeff', '\ud83d', '\udc80x', '\u200b', '\u3000'),
  );
  const texts = fc
    .sample(fc.array(characters, { maxLength: 6 }), 2000)
    .map((parts) => parts.join('').replace(/\p{Cn}/gu, ''));
  // What one of the two doesn't know yet of Unicode, it would write out.
  const known = evaluate<boolean[]>(
    'import unicodedata\n' +
      'known = lambda text: all(unicodedata.category(character) != "Cn" for character in text)\n' +
      'print(json.dumps([known(text) for text in json.load(sys.stdin)]))',
    texts,
  );
  const both = texts.filter((_, index) => known[index]);
  expect(both.length).toBeGreaterThan(500);
  expect(both.map(quoted)).toEqual(byPython(both));
});

test('whatever it is, it is shown', () => {
  for (const value of fc.sample(nasty, 300)) expect(typeof quoted(value)).toBe('string');
});
