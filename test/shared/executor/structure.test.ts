import fc from 'fast-check';

import { DEEPEST, MOST_NAMES, MOST_VALUES } from '../../../nodes/shared/contract/wire';
import { structureOf } from '../../../nodes/shared/executor/structure';
import { holds } from '../../support/property';

/** What JSON.parse makes of a text: names, values, lists and objects, and how deep they lie. */
function madeOf(value: unknown): { values: number; depth: number; plain: number } {
  if (typeof value === 'string') return { values: 1, depth: 0, plain: 0 };
  if (typeof value !== 'object' || value === null) return { values: 1, depth: 0, plain: 1 };
  const inner = Object.values(value).map(madeOf);
  return {
    values: 1 + sum(inner, 'values') + (Array.isArray(value) ? 0 : inner.length),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    plain: sum(inner, 'plain'),
  };
}

function sum<K extends string>(list: ReadonlyArray<Record<K, number>>, name: K): number {
  return list.reduce((total, each) => total + each[name], 0);
}

const outcomeOf = (text: string) => {
  try {
    return structureOf(Buffer.from(text));
  } catch (error) {
    return (error as Error).message;
  }
};

const spaces = fc.constantFrom('', ' ', '\n\t', '  \r ');
const nested = fc.tuple(fc.nat(2 * DEEPEST), fc.jsonValue({ maxDepth: 3 })).map(([depth, value]) => {
  let inner: unknown = value;
  for (let count = 0; count < depth; count++) inner = count % 2 === 0 ? [inner, '"]'] : { '\\"[': inner };
  return inner;
});

test('P7: what is counted of a message is what JSON.parse would make of it, and it is taken within the limits only', () => {
  holds(fc.tuple(fc.oneof(fc.jsonValue(), nested), spaces), ([value, space]) => {
    const text = JSON.stringify(value, null, space.length || undefined);
    const { values, plain, depth } = madeOf(JSON.parse(text));
    const tooDeep = depth > DEEPEST;
    expect(outcomeOf(text)).toEqual(
      tooDeep ? `a message that is nested more than ${DEEPEST} deep came` : { values, plain },
    );
  });
});

test('P7: any text at all is counted without an error of another kind, and to its end', () => {
  holds(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
    const outcome = outcomeOf(text);
    if (typeof outcome === 'string') expect(outcome).toMatch(/^a (message|number)/);
    else expect(outcome.values).toBeLessThanOrEqual(Buffer.byteLength(text));
  });
});

test.each([
  ['lists', (count: number) => `[${'[],'.repeat(count - 2)}[]]`],
  ['objects', (count: number) => `[${'{},'.repeat(count - 2)}{}]`],
  ['numbers', (count: number) => `[${'1,'.repeat(count - 2)}1]`],
])('P7: so many %s and no more', (_what, text) => {
  const most = MOST_VALUES % 2 === 0 ? MOST_VALUES - 1 : MOST_VALUES;
  expect(structureOf(Buffer.from(text(most)))).toMatchObject({ values: most });
  expect(() => structureOf(Buffer.from(text(most + 2)))).toThrow(RangeError);
});

test.each([
  ['names', Array.from({ length: MOST_NAMES }, (_, index) => `"${index}":1`)],
  ['names that are all the same', Array<string>(MOST_NAMES).fill('"a":":"')],
])('P7: so many %s and no more', (_what, names) => {
  expect(structureOf(Buffer.from(`{${names.join()}}`)).values).toBe(1 + 2 * MOST_NAMES);
  expect(() => structureOf(Buffer.from(`[{${names.join()}},{"x":1}]`))).toThrow(/more than 15000 names/);
});

test('P7: a number of thousands of digits is refused', () => {
  expect(() => structureOf(Buffer.from(`[1e${'9'.repeat(1000)}]`))).toThrow(RangeError);
  expect(structureOf(Buffer.from('[-1.7976931348623157e+308]'))).toEqual({ values: 2, plain: 1 });
});
