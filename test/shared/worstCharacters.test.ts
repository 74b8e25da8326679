/**
 * What reads text from outside takes time in proportion to it, whatever it is made of: with the characters that
 * each parser likes least, 64 kB take at most three times what 32 kB take.
 */
import { expressionsOf } from '../support/expressions';
import { NOT_FED, PARSERS } from '../support/parsers';
import { productFiles } from '../support/productFiles';

jest.setTimeout(1_200_000);

const [SHORT, LONG] = [32 * 1024, 64 * 1024];

/** What is too short to be measured, in microseconds of processor time. */
const FLOOR = 6000;

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

/** What stands behind: nothing, what ends a line for some only, and what fits nowhere. */
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

/** The least processor time of some readings, in microseconds. */
function costOf(read: (text: string) => unknown, text: string, times: number): number {
  let least = Infinity;
  for (let time = 0; time < times && least > FLOOR / 4; time += 1) {
    const before = process.cpuUsage();
    try {
      read(text);
    } catch {
      // Refusing it is an answer.
    }
    least = Math.min(least, process.cpuUsage(before).user);
  }
  return least;
}

/** How often it is asked again before it is believed: a machine that is busy otherwise disturbs a reading or two. */
const ATTEMPTS = 10;

/** Whether twice as much text takes more than three times as long, each time that it is asked. */
function isSlow(read: (text: string) => unknown, short: string, long: string): boolean {
  if (costOf(read, long, 2) <= 3 * FLOOR) return false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const limit = 3 * Math.max(FLOOR, costOf(read, short, 4));
    if (costOf(read, long, 4) <= limit) return false;
  }
  return true;
}

test('every file that has expressions says who reads what with them', () => {
  const withExpressions = productFiles()
    .filter((file) => file.startsWith('nodes/') && expressionsOf(file).expressions.length > 0)
    .map((file) => file.slice('nodes/'.length));
  const told = [...Object.keys(PARSERS), ...Object.keys(NOT_FED)];
  expect(withExpressions.filter((file) => !told.includes(file))).toEqual([]);
  expect(told.filter((file, index) => told.indexOf(file) !== index)).toEqual([]);
});

test.each(Object.keys(PARSERS))('%s: 64 kB take at most three times what 32 kB take', (file) => {
  const units = [...CHARACTERS, ...wordsOf(file)];
  const slow = PARSERS[file].flatMap((read, index) =>
    units.flatMap((unit) =>
      ENDINGS.filter((ending) => isSlow(read, textOf(unit, ending, SHORT), textOf(unit, ending, LONG))).map(
        (ending) =>
          `reader ${index}: ${JSON.stringify(unit)} again and again, then ${JSON.stringify(ending)}`,
      ),
    ),
  );
  expect(slow).toEqual([]);
});
