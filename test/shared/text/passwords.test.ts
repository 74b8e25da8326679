import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { withoutPasswords } from '../../../nodes/shared/text/passwords';
import { growsFaster } from '../../support/growth';
import { size } from '../../support/size';

/** The cases that the engine's side is tested with, too: what is given, and what is shown of it. */
const CASES = JSON.parse(
  readFileSync(join(__dirname, '../../../executor/tests/passwords.json'), 'utf8'),
) as Array<[string, string]>;

test.each(CASES)('P7: a password inside a value is masked, as on the engine’s side: %j', (given, shown) => {
  expect(withoutPasswords(given)).toBe(shown);
});

test('P7: whatever stands around an address, its password is never shown, and nothing else is lost', () => {
  const around = fc.string({ unit: 'binary', maxLength: 30 });
  const property = fc.property(around, around, (before, after) => {
    const shown = withoutPasswords(`${before} db://user:hunter22@host/x ${after}`);
    expect(shown).not.toContain('hunter22');
    expect(withoutPasswords(shown)).toBe(shown);
  });
  fc.assert(property, { numRuns: size(500, 2000) });
});

test.each(['://', '://@', '://:', 'a:@://', '@:', 'http', '/'])(
  'masking takes no more than twice the time for twice the text, made of %s',
  (piece) => {
    const of = (length: number) => piece.repeat(length / piece.length);
    const read = (text: string) => {
      for (let round = 0; round < 5; round++) withoutPasswords(text);
    };
    // Quadratic would be sixteen times as much.
    const long = size(200_000, 800_000);
    expect(growsFaster(read, of(long / 4), of(long), 10)).toBe(false);
  },
);
