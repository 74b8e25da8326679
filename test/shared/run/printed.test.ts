/** Values in what a run printed: banners around them or not, and what is said where there is none. */
import fc from 'fast-check';

import { jsonInFile, jsonLinesPrinted, jsonPrinted } from '../../../nodes/shared/run/printed';
import { tail } from '../../../nodes/shared/run/tail';
import { holds } from '../../support/property';
import { refusalOf } from '../../support/thrown';

const value = fc.jsonValue();
/** Lines of a banner: none that is JSON, or begins with the marker. */
const banner = fc.array(
  fc.stringMatching(/^[A-Z=* ]{1,30}$/).map((line) => `# ${line}`),
  { maxLength: 4 },
);
const blank = fc.stringMatching(/^[ \n\t]{0,5}$/);

test('what is printed is found again, whatever stands around it', () => {
  holds(fc.tuple(value, banner, blank), ([given, lines, space]) => {
    const json = JSON.stringify(given);
    const same = JSON.parse(json) as unknown;
    const before = lines.map((line) => `${line}\n`).join('');
    expect(jsonPrinted(`${space}${json}${space}`, { from: 'stdout' })).toEqual(same);
    expect(jsonPrinted(`${before}${json}\n${space}`, { from: 'lastLine' })).toEqual(same);
    const marked = `RESULT: {"old": 1}\n${before}  RESULT: ${json}\n${before}`;
    expect(jsonPrinted(marked, { from: 'marker', marker: 'RESULT' })).toEqual(same);
    expect(jsonInFile('a.json', `\ufeff${JSON.stringify(given, null, 2)}\n`)).toEqual(same);
  });
});

test('JSON lines are a list, and empty lines are none', () => {
  holds(fc.tuple(fc.array(value, { maxLength: 6 }), blank), ([given, space]) => {
    const text = given.map((each) => `${JSON.stringify(each)}\r\n${space}\n`).join('');
    expect(jsonLinesPrinted(text)).toEqual(JSON.parse(JSON.stringify(given)));
  });
});

test('what follows a marker may be a word', () => {
  const text = 'OUTPUT_EXCEL:/app/output/a b.xlsx\ndone\n';
  expect(jsonPrinted(text, { from: 'marker', marker: 'OUTPUT_EXCEL' })).toBe('/app/output/a b.xlsx');
});

test.each<[string, () => unknown, string]>([
  [
    'banners',
    () => jsonPrinted('Hello\n{}', { from: 'stdout' }),
    'The output is no JSON: it begins with "Hello\\n{}".',
  ],
  ['nothing', () => jsonPrinted(' \n', { from: 'stdout' }), 'The output is no JSON: it is empty.'],
  [
    'words at the end',
    () => jsonPrinted('{}\nbye\n\n', { from: 'lastLine' }),
    'The last line of the output is no JSON: it begins with "bye".',
  ],
  [
    'no such line',
    () => jsonPrinted('RESULTS:1', { from: 'marker', marker: 'RESULT' }),
    'No line of the output begins with RESULT:: it begins with "RESULTS:1".',
  ],
  [
    'a line that is none',
    () => jsonLinesPrinted('{}\n\n[1\n2]'),
    'Line 3 of the output is no JSON: it begins with "[1".',
  ],
  ['a file', () => jsonInFile('a.json', 'NaN'), 'The file a.json is no JSON: it begins with "NaN".'],
])('%s: refused in words', (_title, read, message) => {
  const refusal = refusalOf(read);
  expect([refusal.code, refusal.message]).toEqual(['RUN', message]);
});

test('no more than 200 characters are quoted', () => {
  const { message, description } = refusalOf(() => jsonPrinted('x'.repeat(1000), { from: 'stdout' }));
  expect(message).toBe(`The output is no JSON: it begins with "${'x'.repeat(200)}".`);
  expect(description).toContain('Last Line, Marker or File');
});

test('the end of an output says how much is before it', () => {
  holds(fc.tuple(fc.string({ unit: 'grapheme' }), fc.nat(50), fc.nat(1000)), ([text, most, left]) => {
    const bytes = Buffer.byteLength(text);
    const shown = tail({ bytes, head: 0, left, text }, most + 1);
    if (text.length <= most + 1 && left === 0) return expect(shown).toBe(text);
    const [, cut, end = ''] = /^\[(\d+) bytes left out\]\n([^]*)$/.exec(shown) ?? [];
    expect(Number(cut) + Buffer.byteLength(end)).toBe(bytes + left);
    expect(text.endsWith(end)).toBe(true);
  });
  expect(tail({ bytes: 9, head: 0, left: 1 }, 5)).toBe('[10 bytes]');
  expect(tail(undefined, 5)).toBe('');
});
