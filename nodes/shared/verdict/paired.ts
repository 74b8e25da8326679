import { isAtMost, type Limit } from './fraction';
import { signTest } from './signTest';

/** Runs of the same inputs, one after the other: each number is the candidate's, divided by the live release's. */
export type Ratios = readonly number[];

/** As unlikely by chance as this. */
const P: Limit = [1, 100];
const SLOWER = 1.2;
const FATTER = 1.5;
const FATTER_BYTES = 64 * 1024 ** 2;

/** Whether the candidate takes longer, over all inputs. No verdict is possible with fewer than seven that differ. */
export function isSlower(times: Ratios): boolean {
  return median(times) > SLOWER && areHigher(times);
}

/** Whether it takes more memory. `more`: for each input the bytes beyond the live release's. */
export function isFatter(memory: Ratios, more: readonly number[]): boolean {
  return median(memory) > FATTER && median(more) > FATTER_BYTES && areHigher(memory);
}

function areHigher(ratios: Ratios): boolean {
  const different = ratios.filter((ratio) => ratio !== 1);
  const higher = different.filter((ratio) => ratio > 1);
  return different.length > 0 && isAtMost(signTest(higher.length, different.length), P);
}

/** Of at least one number. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  return middle.reduce((sum, each) => sum + each, 0) / middle.length;
}
