import fc from 'fast-check';

import {
  basePath,
  commitId,
  entrypoint,
  parseBasePath,
  parseEntrypoint,
  parseReleaseId,
  releaseId,
} from '../../../nodes/shared/contract/names';
import {
  byName,
  count,
  countUpTo,
  flag,
  type Form,
  list,
  number,
  oneOf,
  optional,
  orDropped,
  orNull,
  record,
  type Shape,
  text,
  tuple,
  variants,
} from '../../../nodes/shared/contract/shape';
import { fuzz } from '../../support/fuzz';
import { evaluate } from '../../support/pythonModule';

/** One of each kind that crosses the wire towards the engine's side. */
const SHAPES: Record<string, Shape<unknown>> = {
  text: text(5),
  flag,
  number,
  count,
  countUpTo: countUpTo(2),
  oneOf: oneOf('a', 'b'),
  orNull: orNull(count),
  list: list(count, 2),
  tuple: tuple(text(3), orNull(flag)),
  record: record({ a: count, b: optional(text(3)), c: orDropped(flag) }),
  nested: record({ a: list(record({ x: optional(flag) }), 3), b: byName(count, 2) }),
  basePath,
  entrypoint,
  releaseId,
  commitId,
};

type Parsed = { value: unknown } | 'refused';

function here(shape: Shape<unknown>, value: unknown): Parsed {
  try {
    return { value: shape.parse(value, 'x') };
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return 'refused';
  }
}

/** What Python makes of each [form, value]. */
function there(asked: Array<[Form, unknown]>): Parsed[] {
  return evaluate(
    `from hot_deploy.shapes import Misshapen, parser
def parsed(form, value):
    try:
        return {'value': parser(form)(value, 'x')}
    except Misshapen:
        return 'refused'
print(json.dumps([parsed(form, value) for form, value in json.load(sys.stdin)]))`,
    asked,
  );
}

const NAMES = [
  '/app',
  '/',
  '//',
  '/.',
  '/./.',
  '/app/',
  '/app/..',
  '/../app',
  '/..app',
  '/a/...',
  '/app\n',
  '/app/..\n',
  '/a\0b',
  'app',
  '',
  '.',
  '..',
  'run.py',
  'run.py\n',
  'current',
  'currently',
  '.hot-deploy',
  'xhot-deploy',
  'a/b',
  '20261123-171501-3f2a9c1',
  '20261123-171501-3f2a9c1-2',
  '20261123-171501-3f2a9c1\n',
  '20261123-171501-3F2A9C1',
  'a'.repeat(40),
  'a'.repeat(64),
  'a'.repeat(50),
];

test('P7: both sides of the wire take the same values, and drop the same of them', async () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(...NAMES),
    fc.record({ a: fc.jsonValue(), b: fc.jsonValue(), c: fc.jsonValue(), d: fc.jsonValue() }),
    fc.record({
      a: fc.array(fc.record({ x: fc.boolean(), y: fc.nat() })),
      b: fc.dictionary(fc.string(), fc.nat()),
    }),
    fc.array(fc.oneof(fc.nat(), fc.boolean(), fc.string(), fc.constant(null))),
  );
  const asked = fc.array(fc.tuple(fc.constantFrom(...Object.keys(SHAPES)), value), {
    minLength: 200,
    maxLength: 200,
  });
  await fuzz(
    fc.asyncProperty(asked, async (questions) => {
      const answers = there(questions.map(([name, given]) => [SHAPES[name].form, given]));
      for (const [index, [name, given]] of questions.entries()) {
        // As it arrives: JSON knows no -0.
        const wired = JSON.parse(JSON.stringify(given)) as unknown;
        expect({ name, given, parsed: answers[index] }).toEqual({
          name,
          given,
          parsed: here(SHAPES[name], wired),
        });
      }
    }),
    10,
  );
});

test.each(Object.entries({ basePath, entrypoint, releaseId, commitId }))(
  'a %s is the same on both sides',
  (_name, shape) => {
    const answers = there(NAMES.map((name) => [shape.form, name]));
    expect(NAMES.map((name) => here(shape, name))).toEqual(answers);
    expect(answers).toContain('refused');
    expect(answers.filter((answer) => answer !== 'refused').length).toBeGreaterThan(0);
  },
);

test('P7: what a shape does not name is dropped, and nothing inherited counts', () => {
  const shape = record({ a: count, inner: record({ b: optional(flag) }) });
  const given = JSON.parse(
    '{"a":1,"x":2,"inner":{"b":true,"__proto__":{"c":1}},"__proto__":{"d":1}}',
  ) as unknown;
  expect(shape.parse(given, 'x')).toEqual({ a: 1, inner: { b: true } });
  expect(() => record({ constructor: text(9) }).parse({}, 'x')).toThrow('x (constructor)');
});

test('a list is the very same where nothing of it was dropped, and whole where something was', () => {
  const rows = [
    ['a', 1],
    ['b', 2],
  ];
  expect(list(tuple(text(1), count), 5).parse(rows, 'x')).toBe(rows);
  const records = [{ a: 1 }, { a: 2, b: 3 }];
  expect(list(record({ a: count }), 5).parse(records, 'x')).toEqual([{ a: 1 }, { a: 2 }]);
});

test('variants are told apart by their word', () => {
  const shape = variants('kind', { one: record({ a: count }), two: record({ b: flag }) });
  expect(shape.parse({ kind: 'one', a: 1, b: true }, 'x')).toEqual({ kind: 'one', a: 1 });
  for (const given of [
    { kind: 'three' },
    { kind: 'constructor' },
    { kind: 'two', a: 1 },
    { a: 1 },
    null,
    'one',
  ]) {
    expect(() => shape.parse(given, 'x')).toThrow(RangeError);
  }
});

test('each door says which field, what was given and what to give', () => {
  expect(() => parseBasePath('app')).toThrow(
    'Base Path "app" can\'t be used. Give the absolute path of the engine\'s directory, such as /app.',
  );
  for (const given of [
    '/run.py',
    'src/',
    'src//run.py',
    './run.py',
    'src/../run.py',
    '..',
    'current/run.py',
  ]) {
    expect(() => parseEntrypoint(given)).toThrow(`Entrypoint "${given}" can't be used.`);
  }
  expect(parseEntrypoint('scripts/report.py, run.py\nrun.py')).toBe('scripts/report.py,run.py');
  expect(parseEntrypoint(' ')).toBe('');
  expect(() => parseReleaseId('latest')).toThrow('Release "latest" is not a release id such as');
});
