import fc from 'fast-check';

import { size } from './size';

/**
 * Checks a property of something pure by the thousand, with the seed printed first: `HOT_DEPLOY_FUZZ_SEED` gives the
 * same values again.
 */
export function holds<T>(
  values: fc.Arbitrary<T>,
  property: (value: T) => void,
  runs = size(200, 2000),
): void {
  const given = process.env.HOT_DEPLOY_FUZZ_SEED;
  const seed = given === undefined ? (Date.now() ^ (Math.random() * 0x1_0000_0000)) | 0 : Number(given);
  process.stderr.write(
    `${expect.getState().currentTestName}: seed ${seed}, ${runs} runs (HOT_DEPLOY_FUZZ_SEED=${seed})\n`,
  );
  fc.assert(fc.property(values, property), { seed, numRuns: runs });
}
