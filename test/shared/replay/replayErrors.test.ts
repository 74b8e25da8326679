/** How often a replay is wrong about time is what its page says; 3f.4, simulated. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { drawn, drawnNumbers } from '../../support/drawn';
import { ROOT } from '../../support/productFiles';
import { seededRandom } from '../../support/simulatedCanary';
import { replayOfTimes, SPREAD } from '../../support/simulatedReplay';
import { size } from '../../support/size';

/** With so many, chance alone moves a number by less than a point in two of three cases. */
const REPLAYS = size(5000, 20_000);
/** Enough for rates that are nearly all or nothing. */
const FEWER = size(1000, 10_000);
const POINTS = 3;
/** What the issue of a replay is: the slower one is found, and the same one is left alone. */
const FOUND = 95;
const FLAGGED = 1;

const page = readFileSync(join(ROOT, 'docs/explanation/verdict.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\d+) inputs +\| (.*) \|$/gm)].map(([, inputs, cells = '']) => ({
  inputs: Number(inputs),
  told: cells.split('|').map(Number),
}));
const [, heads = ''] = /^\| +\| ((?:[\d.]+ × +\| ?)+)$/m.exec(page) ?? [];
const times = heads.split('|').flatMap((head) => (head.trim() === '' ? [] : [Number.parseFloat(head)]));

/** In how many of a hundred replays the release is called slower. */
function slowerIn(inputs: number, factor: number, replays = REPLAYS): number {
  const random = seededRandom(drawnNumbers(0x7fff_ffff, 1)[0] as number);
  const slower = Array.from({ length: replays }, () => replayOfTimes(inputs, factor, random).slower);
  return (100 * slower.filter(Boolean).length) / replays;
}

test('the page has its numbers for the spread that is simulated', () => {
  expect(page).toContain(`vary by ${SPREAD * 100} %`);
  expect(times).toEqual([1, 1.2, 1.3, 1.5]);
  expect(rows.map(({ inputs, told }) => [inputs, told.length])).toEqual(
    [6, 7, 10, 20, 50].map((n) => [n, 4]),
  );
});

const cells = rows.flatMap(({ inputs, told }) =>
  times.map((factor, at) => ({ inputs, factor, told: told[at] as number })),
);

test.each(drawn(cells, 3))(
  '$inputs inputs, $factor times the time: worse in $told % of all replays',
  ({ inputs, factor, told }) => {
    expect(Math.abs(slowerIn(inputs, factor) - told)).toBeLessThanOrEqual(POINTS);
  },
);

test('3f.4: of 20 inputs, one that takes 1.5 times the time is found, and the same one is left alone', () => {
  expect(slowerIn(20, 1.5, FEWER)).toBeGreaterThanOrEqual(FOUND);
  expect(slowerIn(20, 1, FEWER)).toBeLessThanOrEqual(FLAGGED);
});
