/** How values that engines put out are compared. */
import fc from 'fast-check';

import { comparingOf, type Difference, differencesOf, MOST } from '../../../nodes/shared/replay/differences';
import type { ReplaySettings } from '../../../nodes/shared/replay/replaySettings';
import { fuzz } from '../../support/fuzz';
import { replaySettings } from '../../support/replaySettings';

async function found(
  live: unknown,
  other: unknown,
  changes: Partial<ReplaySettings> = {},
): Promise<Difference[]> {
  return [...(await differencesOf('out', live, other, comparingOf(replaySettings(changes)))).differences];
}

const paths = (differences: readonly Difference[]): string[] => differences.map(({ path }) => path);

/** The smallest values at the ends of all paths, as a second way to the same. */
function leavesOf(value: unknown, path = 'out'): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  const entries = Object.entries(value);
  if (entries.length === 0) return new Map([[path, Array.isArray(value) ? '[]' : '{}']]);
  return new Map(
    entries.flatMap(([name, inner]) => [
      ...leavesOf(inner, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    ]),
  );
}

test('of any JSON, both sides alike differ in nothing, in whatever order their names come', async () => {
  await fuzz(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const shuffled: unknown = JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
        typeof inner === 'object' && inner !== null && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).reverse())
          : inner,
      );
      expect(await found(JSON.parse(JSON.stringify(value)), shuffled)).toEqual([]);
    }),
    500,
  );
});

test('of any two, differences lie exactly where a value is another one', async () => {
  await fuzz(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (left, right) => {
      const [one, other] = [JSON.parse(JSON.stringify(left)), JSON.parse(JSON.stringify(right))] as unknown[];
      const [before, after] = [leavesOf(one), leavesOf(other)];
      const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
        (path) => before.get(path) !== after.get(path),
      );
      const named = paths(await found(one, other));
      // A value of another kind is named once, above all that lies in it; what was empty, by what lies in it now.
      const isAbout = (one: string, two: string) => `${one}/`.startsWith(`${two}/`);
      const areAlike = (one: string, two: string) => isAbout(one, two) || isAbout(two, one);
      for (const path of differing) expect(named.some((name) => areAlike(path, name))).toBe(true);
      for (const name of named) expect(differing.some((path) => areAlike(path, name))).toBe(true);
    }),
    500,
  );
});

test('a list with a key is compared entry by entry, whatever their order; else by place', async () => {
  const listKeys = [{ list: 'out/*', key: 'id' }];
  const live = {
    list: [
      { id: 1, a: 1 },
      { id: 'two', a: 2 },
    ],
  };
  const other = {
    list: [
      { id: 'two', a: 3 },
      { id: 1, a: 1 },
    ],
  };
  expect(await found(live, other, { listKeys })).toEqual([
    { path: 'out/list/id=two/a', field: 'out/list/*/a', live: '2', other: '3' },
  ]);
  expect(paths(await found(live, other))).toHaveLength(4);
  // Two of the same key, or one without: nothing tells them apart.
  const twice = {
    list: [
      { id: 1, a: 1 },
      { id: 1, a: 2 },
    ],
  };
  expect(paths(await found(twice, { list: [...twice.list].reverse() }, { listKeys }))).toEqual([
    'out/list/0/a',
    'out/list/1/a',
  ]);
});

test('names with slashes and tildes keep their places, and a name like __proto__ is one', async () => {
  const live = JSON.parse('{"a/b": {"~": 1}, "__proto__": {"x": 1}}') as unknown;
  const other = JSON.parse('{"a/b": {"~": 2}, "__proto__": {"x": 2}}') as unknown;
  expect(paths(await found(live, other)).sort()).toEqual(['out/__proto__/x', 'out/a~1b/~0']);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('numbers are the same up to a tolerance, and at it', async () => {
  const asked = async (one: number, other: number, absolute: number, percent: number) =>
    (await found(one, other, { tolerance: { absolute, percent } })).length;
  expect(await asked(1, 1.5, 0.5, 0)).toBe(0);
  expect(await asked(1, 1.51, 0.5, 0)).toBe(1);
  expect(await asked(100, 99, 0, 1)).toBe(0);
  expect(await asked(100, 98.9, 0, 1)).toBe(1);
  expect(await asked(0, -0, 0, 0)).toBe(0);
});

test('what is nested ever so deep is gone through, and many differences are counted', async () => {
  let [live, other]: unknown[] = [1, 2];
  for (let depth = 0; depth < 100_000; depth += 1) [live, other] = [[live], [other]];
  expect(await found(live, other)).toHaveLength(1);
  expect((await found({ a: live }, {})).map((each) => each.live)).toEqual([
    'nested deeper than can be shown',
  ]);
  const many = Array.from({ length: 50_000 }, (_, place) => place);
  const all = await differencesOf(
    'out',
    many,
    many.map((place) => place + 1),
    comparingOf(replaySettings()),
  );
  expect([all.differences.length, all.unlisted]).toEqual([MOST, 50_000 - MOST]);
});

test('a long value is shown cut, and two of them are told apart by their digests', async () => {
  const [same] = await found('x'.repeat(5000), `${'x'.repeat(4999)}y`);
  expect(same?.live?.length).toBeLessThan(300);
  expect(same?.live).not.toBe(same?.other);
});
