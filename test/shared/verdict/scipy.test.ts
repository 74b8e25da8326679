/** The tests of the verdict against what scipy says; `scipy.json` has its version, and for each the counts and the result. */
import { upperTail } from '../../../nodes/shared/verdict/fisher';
import { toNumber } from '../../../nodes/shared/verdict/fraction';
import { highestRate } from '../../../nodes/shared/verdict/highestRate';
import { signTest } from '../../../nodes/shared/verdict/signTest';
import values from './scipy.json';

/** Of itself: scipy's own results are rounded. */
const NEAR = 1e-9;

function expectNear(found: number, expected: number): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(NEAR * expected);
}

test.each(values.fisherGreater)(
  'Fisher’s exact test, %i of %i against %i of %i: %d',
  (failed, runs, controlFailed, controlRuns, expected) => {
    const control = { runs: controlRuns, failed: controlFailed };
    expectNear(toNumber(upperTail({ candidate: { runs, failed }, control })), expected);
  },
);

test.each(values.signGreater)('the sign test, %i of %i: %d', (wins, pairs, expected) => {
  expectNear(toNumber(signTest(wins, pairs)), expected);
});

test.each(values.highestRate)('the highest rate with %i of %i failed: %d', (failed, runs, expected) => {
  expectNear(highestRate({ runs, failed }), expected);
});
