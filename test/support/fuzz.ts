import fc, { type IAsyncProperty } from 'fast-check';

import { size } from './size';

/**
 * Checks a property with random values. The seed is printed first, so that a run that is killed can be repeated, too:
 * `HOT_DEPLOY_FUZZ_SEED` gives it again, `HOT_DEPLOY_FUZZ_RUNS` multiplies the bounded number of runs that CI does; `npm run proof` does four times as many.
 */
export async function fuzz<T>(property: IAsyncProperty<T>, runs: number): Promise<void> {
  const given = process.env.HOT_DEPLOY_FUZZ_SEED;
  const seed = given === undefined ? (Date.now() ^ (Math.random() * 0x1_0000_0000)) | 0 : Number(given);
  const numRuns = runs * Number(process.env.HOT_DEPLOY_FUZZ_RUNS ?? size(1, 4));
  process.stderr.write(
    `${expect.getState().currentTestName}: seed ${seed}, ${numRuns} runs (HOT_DEPLOY_FUZZ_SEED=${seed})\n`,
  );
  await fc.assert(property, { seed, numRuns, endOnFailure: process.env.CI !== undefined });
}

/** Values that have no place where they are put. */
export const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    '../../../../canary/kept',
    '/etc/passwd',
    '..',
    '',
    '-rf',
    '$(touch /tmp/pwned)',
    'current',
    '.hot-deploy',
    'x\u0000y',
    '\u001b[2J',
    '__proto__',
    'constructor',
    -1,
    1.5,
    1e308,
    2 ** 53,
    true,
    null,
    [],
    {},
  ),
  fc.string({ maxLength: 2000, unit: 'binary' }),
  fc.constant('x'.repeat(2_000_000)),
  fc.constant(
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as unknown,
  ),
  fc.nat(200).map(nested),
  fc.jsonValue({ maxDepth: 3 }),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let count = 0; count < depth; count++) value = [value];
  return value;
}

/** `value` with one place of it, chosen by `choice`, replaced. Also whole objects and lists are places. */
export function replacedAt(value: unknown, choice: number, replacement: unknown): unknown {
  const places = countPlaces(value);
  let left = choice % places;
  const visit = (each: unknown): unknown => {
    if (left-- === 0) return replacement;
    if (Array.isArray(each)) return each.map(visit);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, visit(inner)]));
  };
  return visit(value);
}

function countPlaces(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, each) => sum + countPlaces(each), 1);
}
