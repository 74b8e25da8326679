/** Time and memory of the same inputs, compared one by one. */
import { isFatter, isSlower } from '../../../nodes/shared/verdict/paired';
import { drawnNumbers } from '../../support/drawn';
import { seededRandom } from '../../support/simulatedCanary';
import { size } from '../../support/size';

const MIB = 1024 ** 2;
const INPUTS = 20;
const TRIALS = size(2000, 10_000);
/** One run's time around what it takes, as a busy machine spreads it: a quarter of all are more than 14 % off upwards. */
const SPREAD = 0.2;

/** The same number for the live release twice, and for a candidate that takes so many times as long. */
function trials(factor: number): number {
  const [seed = 0] = drawnNumbers(0x7fff_ffff, 1);
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const run = () => Math.exp(SPREAD * normal());
  const ratio = () => (factor * run()) / ((run() + run()) / 2);
  const flagged = Array.from({ length: TRIALS }, () => isSlower(Array.from({ length: INPUTS }, ratio)));
  return flagged.filter(Boolean).length / TRIALS;
}

test('of 20 inputs, a candidate that takes half as long again is found in 95 % of all replays', () => {
  expect(trials(1.5)).toBeGreaterThan(0.95);
});

test('one that takes as long is called slower in at most 1 % of them', () => {
  expect(trials(1)).toBeLessThanOrEqual(0.01);
});

test.each([
  ['six of six, which chance does too often', 6, 1.9, false],
  ['seven of seven', 7, 1.9, true],
  ['all of them, and hardly', 20, 1.1, false],
])('slower: %s', (_title, inputs, ratio, expected) => {
  expect(isSlower(Array.from({ length: inputs }, () => ratio))).toBe(expected);
});

test('what is the same in all inputs is no difference', () => {
  expect(isSlower(Array.from({ length: 20 }, () => 1))).toBe(false);
  expect(isSlower([])).toBe(false);
});

test('more memory counts by both: how many times as much, and how much', () => {
  const all = <T>(value: T) => Array.from({ length: 10 }, () => value);
  expect(isFatter(all(3), all(200 * MIB))).toBe(true);
  expect(isFatter(all(3), all(20 * MIB))).toBe(false);
  expect(isFatter(all(1.2), all(200 * MIB))).toBe(false);
  // Three of ten, by chance.
  expect(isFatter([...all(1).slice(3), 3, 3, 3], all(200 * MIB))).toBe(false);
});
