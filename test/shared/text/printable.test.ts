import fc from 'fast-check';

import { DeployError, toDeployError } from '../../../nodes/shared/errors';
import { printable, printableLines } from '../../../nodes/shared/text/printable';
import { hostileTexts, UNPRINTABLE } from '../../support/hostile';

test.each([
  ['\u001b[2J', '\\u{1B}[2J'],
  ['one\nforged: two\r\n', 'one\\nforged: two\\r\\n'],
  ['tab\t\u0000', 'tab\\t\\u{0}'],
  ['abc\u202edcba', 'abc\\u{202E}dcba'],
  ['\ud800 and \u{1f600}', '\\u{D800} and \u{1f600}'],
  ['Zürich – „ok“', 'Zürich – „ok“'],
  ['postgres://u:hunter22@h/db', 'postgres://u:***@h/db'],
])('P7: text from outside is one line that shows all that is in it: %j', (given, shown) => {
  expect(printable(given)).toBe(shown);
});

test('P7: lines of a program’s output stay lines, and nothing else in them is acted on', () => {
  expect(printableLines('a\tb\r\nc\n\u001b[31md\re')).toBe('a\tb\nc\n\\u{1B}[31md\\u{D}e');
});

const anything = fc.oneof(fc.constantFrom(...hostileTexts('/canary')), fc.string({ unit: 'binary' }));

test('P7: whatever it is, it is printable, and printable text stays as it is', () => {
  fc.assert(
    fc.property(anything, (text) => {
      expect(printable(text)).not.toMatch(/[\n\t]/);
      expect(printable(text)).not.toMatch(UNPRINTABLE);
      expect(printableLines(text)).not.toMatch(UNPRINTABLE);
      expect(printable(printable(text))).toBe(printable(text));
      expect(printableLines(printableLines(text))).toBe(printableLines(text));
    }),
  );
});

test('P7: no error can be made whose sentences, stack or causes can’t be logged', () => {
  const deep = new Error('in\u001b[2J', {
    cause: Object.assign(new Error('deeper\nforged'), { code: 'ENOENT' }),
  });
  const error = new DeployError('STEP', 'a\nforged \u001b[2J', { description: 'b\n\u001b[2J', cause: deep });
  expect(error.message).toBe('a\\nforged \\u{1B}[2J');
  expect(error.description).toBe('b\n\\u{1B}[2J');
  for (let cause: unknown = error; cause instanceof Error; { cause } = cause) {
    expect(cause.message).not.toContain('\n');
    expect(cause.message).not.toMatch(UNPRINTABLE);
    expect(cause.stack).not.toMatch(UNPRINTABLE);
    expect(cause.stack).not.toMatch(/^forged/m);
  }
  expect((error.cause as Error).cause).toMatchObject({ message: 'deeper\\nforged', code: 'ENOENT' });
  expect(toDeployError(new Error('x\u001b')).message).toBe('x\\u{1B}');
  expect(toDeployError('x\u001b').message).toBe('x\\u{1B}');
});

test('an error whose cause can be logged keeps it as it is', () => {
  const cause = new TypeError('plain');
  expect(new DeployError('STEP', 'x', { cause }).cause).toBe(cause);
});
