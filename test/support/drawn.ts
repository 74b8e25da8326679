import { relative } from 'node:path';

import fc from 'fast-check';

import { FULL_SIZE } from './size';

/** Of the next draw; each of a test file's draws has its own. */
let next: number | undefined;

function seed(): number {
  if (next === undefined) {
    const given = process.env.HOT_DEPLOY_FUZZ_SEED;
    next = given === undefined ? (Date.now() ^ (Math.random() * 0x1_0000_0000)) | 0 : Number(given);
    const file = relative(process.cwd(), expect.getState().testPath ?? '');
    process.stderr.write(`${file}: drawn with seed ${next} (HOT_DEPLOY_FUZZ_SEED=${next})\n`);
  }
  return next++;
}

/**
 * As many of a matrix's rows, in their order, and others in each run; in `npm run proof` all of them. The seed is printed
 * first: `HOT_DEPLOY_FUZZ_SEED` draws the same again.
 */
export function drawn<T>(all: readonly T[], count: number): T[] {
  if (FULL_SIZE || count >= all.length) return [...all];
  const part = fc.subarray([...all], { minLength: count, maxLength: count });
  return fc.sample(part, { seed: seed(), numRuns: 1 })[0];
}

/** How far to go on in what is tried point by point: one of the next points, in `npm run proof` the very next. */
export function drawnStep(most: number): number {
  const steps = Array.from({ length: most }, (_, index) => index + 1);
  return FULL_SIZE ? 1 : drawn(steps, 1)[0];
}

/** Whole numbers from 0 to the most there may be; the seed is printed first, as that of {@link drawn}. */
export function drawnNumbers(most: number, count: number): number[] {
  return fc.sample(fc.noBias(fc.integer({ min: 0, max: most })), { seed: seed(), numRuns: count });
}
