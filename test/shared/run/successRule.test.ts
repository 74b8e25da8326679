/** Rules over a run's output: what they mean, and that whatever is no rule is refused with its line. */
import fc from 'fast-check';

import { brokenRule, parseRules } from '../../../nodes/shared/run/successRule';
import { printable } from '../../../nodes/shared/text/printable';
import { hostileText } from '../../support/hostileTexts';
import { holds } from '../../support/property';
import { refusalOf } from '../../support/thrown';

const broken = (output: unknown, ...lines: string[]) =>
  brokenRule(output, parseRules('Success Rule', lines.join('\n')));

const OUTPUT = {
  failed: 0,
  done: 11,
  text: 'all done, no warnings',
  error: null,
  'a.b': { 'c d': 'x' },
  results: [
    { status: 'ok', pages: 3 },
    { status: 'ok', pages: '12' },
  ],
  none: [],
  tags: ['a', 7],
  flag: true,
};

test.each([
  'failed = 0',
  'failed == 0',
  'failed="0"',
  '$.failed = 0',
  '$["failed"] = 0',
  'failed >= 0',
  'done > 10',
  'done < 12',
  'done <= 11',
  'done != 0',
  'results[*].status = "ok"',
  'results[*].status = ok',
  'results.*.pages > 2',
  'results[1].pages = 12',
  'results[0] exists',
  'results.length = 2',
  'results',
  'text contains "no warnings"',
  'text contains done',
  'text not contains error',
  'tags contains 7',
  'tags not contains "b"',
  'error not exists',
  'missing not exists',
  'missing != 1',
  '["a.b"]["c d"] = x',
  'none[*].status = "ok"',
  'flag = true',
  'tags = ["a", 7]',
  '$ != 1',
  '',
])('%j holds', (line) => {
  expect(broken(OUTPUT, line)).toBeUndefined();
});

test.each([
  ['failed = 1', '0'],
  ['failed > 0', '0'],
  ['results[*].pages > 3', '3'],
  ['results[2] exists', 'nothing'],
  ['results[*].missing = "ok"', 'nothing'],
  ['text contains "Done"', '"all done, no warnings"'],
  ['text > 3', '"all done, no warnings"'],
  ['error exists', 'null'],
  ['error >= 0', 'null'],
  ['flag > 0', 'true'],
  ['missing', 'nothing'],
  ['failed[*] = 0', 'nothing'],
  ['__proto__ exists', 'nothing'],
  ['text.length exists', 'nothing'],
  ['$ = 1', JSON.stringify(OUTPUT).slice(0, 200)],
])('%j does not hold: there is %s', (line, found) => {
  expect(broken(OUTPUT, line)).toMatchObject({ rule: { text: line }, found });
});

test('the first line that does not hold is told, and the others have to hold, too', () => {
  expect(broken(OUTPUT, 'failed = 0', '', 'done = 12', 'failed = 2')).toMatchObject({
    rule: { text: 'done = 12' },
  });
  expect(broken('all done', '$ contains "done"', '$ not contains "ERROR"')).toBeUndefined();
});

test.each([
  ['= 0', 'it begins with no path'],
  ['results[*.status = 1', 'a bracket is not closed'],
  ['results[x] = 1', '[x] is neither a number, * nor a name in quotes'],
  ['results[-1] = 1', '[-1] is neither a number, * nor a name in quotes'],
  ['failed =', 'there is nothing to compare with'],
  ['failed is 0', 'after the path comes "is 0"'],
  ['failed containsx', 'after the path comes "containsx"'],
  ['failed exists 3', 'after “exists” comes more'],
  ['failed !! 3', 'after the path comes "!! 3"'],
  ['false', 'it is what an expression came out as'],
  ['true', 'it is what an expression came out as'],
])('%j is no rule: %s', (line, why) => {
  const { code, message, description } = refusalOf(() => parseRules('Success Rule', `failed = 0\n${line}`));
  expect([code, message]).toEqual(['INPUT', `Success Rule: ${JSON.stringify(line)} is no rule: ${why}.`]);
  expect(description).toContain('results[*].status = "ok"');
});

test.each([
  ['output.failed = 0', 'Paths begin inside the output: write failed = 0 in place of output.failed = 0.'],
  ['$.output.failed = 0', 'Paths begin inside the output: write failed = 0 in place of $.output.failed = 0.'],
  ['output = 3', 'Paths begin inside the output: write $ = 3 in place of output = 3.'],
  ['failed = 1', undefined],
])('%s, which the output has nothing of: what to write', (line, remedy) => {
  expect(brokenRule({ failed: 0 }, parseRules('Success Rule', line))?.remedy).toBe(remedy);
});

test('an output that has an output of its own is none of these', () => {
  const rules = parseRules('Success Rule', 'output.failed = 0');
  expect(brokenRule({ output: { failed: 1 } }, rules)).toEqual({ rule: rules[0], found: '1' });
});

test('how many rules there are, and how long one is, has a limit', () => {
  const many = refusalOf(() => parseRules('Success Rule', 'a = 1\n'.repeat(51)));
  expect(many.message).toBe('Success Rule has 51 lines. Give at most 50.');
  const long = refusalOf(() => parseRules('Success Rule', `a = ${'1'.repeat(997)}`));
  expect(long.message).toBe('Success Rule has a line of 1001 characters. Give at most 1000.');
});

/** A place in a value, as a rule names it, and what is there. */
interface Leaf {
  path: string;
  value: unknown;
}

function leavesOf(value: unknown, path = '$'): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, `${path}[${Array.isArray(value) ? name : JSON.stringify(name)}]`),
  );
}

/** Names that a bracket can hold: what ends one in the middle of a name is left out. */
const name = fc.string({ maxLength: 8 }).filter((text) => !/[\]\n]/.test(text) && text !== '__proto__');
const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 20 }));
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(name, tie('json'), { maxKeys: 4 }),
  ),
}));

test('rules that are made of an output hold, and turned around they don’t', () => {
  holds(json, (output) => {
    for (const { path, value } of leavesOf(output)) {
      const wanted = JSON.stringify(value);
      if (path.includes('\n')) continue;
      expect(broken(output, `${path} = ${wanted}`)).toBeUndefined();
      expect(broken(output, `${path} != ${wanted}`)?.rule.text).toBe(`${path} != ${wanted}`.trim());
      const exists = value === null ? 'not exists' : 'exists';
      expect(broken(output, `${path} ${exists}`)).toBeUndefined();
      if (typeof value === 'number') {
        expect(broken(output, `${path} >= ${value}`, `${path} < ${value + 1}`)).toBeUndefined();
        expect(broken(output, `${path} > ${value}`)).toBeDefined();
      }
      if (typeof value === 'string' && value.trim() !== '') {
        expect(broken(output, `${path} contains ${wanted}`)).toBeUndefined();
        expect(broken(output, `${path} not contains ${wanted}`)).toBeDefined();
      }
    }
  });
});

test('whatever is entered is rules or refused, quoting its line; whatever they meet, they hold or not', () => {
  holds(fc.tuple(fc.oneof(hostileText, fc.string({ unit: 'binary' })), json), ([text, output]) => {
    let rules;
    try {
      rules = parseRules('Success Rule', text);
    } catch {
      const { code, message } = refusalOf(() => parseRules('Success Rule', text));
      const lines = text.split('\n').map((line) => printable(JSON.stringify(line.trim())));
      expect(code).toBe('INPUT');
      expect(/at most/.test(message) || lines.some((line) => message.includes(line))).toBe(true);
      return;
    }
    const found = brokenRule(output, rules);
    expect(found === undefined || rules.includes(found.rule)).toBe(true);
  });
});
