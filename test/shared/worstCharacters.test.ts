/**
 * What reads text from outside takes time in proportion to it, whatever it is made of: with the characters that
 * each parser likes least, twice the text takes at most three times as long.
 */
import { drawn } from '../support/drawn';
import { expressionsOf } from '../support/expressions';
import { growsFaster } from '../support/growth';
import { NOT_FED, PARSERS } from '../support/parsers';
import { productFiles } from '../support/productFiles';
import { size } from '../support/size';

jest.setTimeout(1_200_000);

/** Where time grows with the square, 16 kB take a tenth of a second; where it grows with the text, nearly nothing. */
const LONG = size(16, 64) * 1024;
const SHORT = LONG / 2;

/** What repeats in some expression, or stops one from matching. */
const CHARACTERS = [
  ...[' ', '\t', '/', '.', '-', '=', '#', '[', '(', '"', "'", '`', '\\', ':', '@', ',', ';', '|', '*', '?'],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\u2028',
    '\0',
    'a',
    '0',
    ':0',
    '1:',
    './',
    '/.',
    '--',
    ' --',
    ' #',
    '\\\n',
    '\\n',
    'a=',
    '{',
  ],
];

/** What stands behind, one of them for each unit, and others in each run: nothing, what ends a line for some only, and what fits nowhere. */
const ENDINGS = ['', 'x\u2028x', '\0'];

/** Beginnings of what the file's expressions look for: words in them, each of which may come again and again. */
function wordsOf(file: string): string[] {
  const { expressions } = expressionsOf(`nodes/${file}`);
  const words = expressions.flatMap(({ source }) =>
    source
      .replace(/\\s[*+]?/g, ' ')
      .split(/\\.|\(\?[:=!]|[[\](){}|^$*+?]/)
      .filter((word) => word.length > 4),
  );
  return [...new Set(words)];
}

function textOf(unit: string, ending: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length - ending.length) + ending;
}

test('every file that has expressions says who reads what with them', () => {
  const withExpressions = productFiles()
    .filter((file) => file.startsWith('nodes/') && expressionsOf(file).expressions.length > 0)
    .map((file) => file.slice('nodes/'.length));
  const told = [...Object.keys(PARSERS), ...Object.keys(NOT_FED)];
  expect(withExpressions.filter((file) => !told.includes(file))).toEqual([]);
  expect(told.filter((file, index) => told.indexOf(file) !== index)).toEqual([]);
});

test.each(Object.keys(PARSERS))('%s: twice the text takes at most three times as long', (file) => {
  const units = [...CHARACTERS, ...wordsOf(file)].map((unit) => ({ unit, endings: drawn(ENDINGS, 1) }));
  const slow = PARSERS[file].flatMap((read, index) =>
    units.flatMap(({ unit, endings }) =>
      endings
        .filter((ending) => growsFaster(read, textOf(unit, ending, SHORT), textOf(unit, ending, LONG), 3))
        .map(
          (ending) =>
            `reader ${index}: ${JSON.stringify(unit)} again and again, then ${JSON.stringify(ending)}`,
        ),
    ),
  );
  expect(slow).toEqual([]);
});
