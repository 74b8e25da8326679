import fc from 'fast-check';

/** Characters and lengths that names and texts are rarely tried with. */
const PIECES = [
  '\0',
  '\ud800',
  '\udcff',
  '\n',
  '\r\n',
  '\t',
  '\u001b[31m',
  '\u007f',
  '\u202e',
  '\u200f',
  '\u2028',
  '\ufeff',
  'é',
  'e\u0301',
  '…',
  '😀',
  '--',
  '-',
  ' ',
  '/',
  '..',
  '~',
  '$(id)',
  '"',
  "'",
  '²',
  'a',
  '0',
] as const;
const LENGTHS = [255, 256, 4096, 4097, 70_000] as const;

/** A text that is hard on whatever takes it. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ' ', '\n', '-', '--help', '-rf', '.', '..', 'null', 'NaN', '__proto__', 'constructor'),
  fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
  fc
    .tuple(fc.constantFrom('a', 'é', '../', '/a'), fc.constantFrom(...LENGTHS))
    .map(([piece, length]) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length)),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Anything that an expression may yield for a parameter. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  fc.constantFrom<unknown>(NaN, Infinity, -Infinity, -1, -0, 0, 0.5, 2.5, 1e9, 1e21, 1e300, 2 ** 53),
  fc.constantFrom<unknown>(null, true, false, {}, [], ['a'], { a: 1 }, { check: 'x' }, { check: [null] }),
);
