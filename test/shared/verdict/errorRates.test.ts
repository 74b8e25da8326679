/** How often the rule is wrong is what its page says: simulated, since no arithmetic tells it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { drawn, drawnNumbers } from '../../support/drawn';
import { ROOT } from '../../support/productFiles';
import { canaries, seededRandom } from '../../support/simulatedCanary';
import { size } from '../../support/size';

/** How many more of the candidate's runs fail than of the live release's, as a part of all: the page's columns. */
const MORE = [0, 0.05, 0.1, 0.2, 0.5];
const SHARE = 0.2;
/** With so many, chance alone moves a number by less than a point in two of three cases. */
const CANARIES = size(5000, 20_000);
const POINTS = 3;

const page = readFileSync(join(ROOT, 'docs/explanation/verdict.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\d+) \| (\d+) % \| (.*) \|$/gm)].map(([, runs, rate, cells = '']) => ({
  minimumRuns: Number(runs),
  liveRate: Number(rate) / 100,
  told: cells.split(' | ').map(Number),
}));
const cells = rows.flatMap(({ told, ...trial }) =>
  MORE.map((more, at) => ({ ...trial, more, told: told[at] as number })),
);

function random(): () => number {
  return seededRandom(drawnNumbers(0x7fff_ffff, 1)[0] as number);
}

test('the page has a number for each minimum of runs, rate of failures and difference', () => {
  expect(rows.map(({ minimumRuns, liveRate }) => [minimumRuns, liveRate])).toEqual([
    ...[0, 0.02, 0.1].map((rate) => [20, rate]),
    ...[0, 0.02, 0.1].map((rate) => [50, rate]),
  ]);
  expect(rows.flatMap(({ told }) => told)).toEqual(Array.from({ length: 6 * 7 }, () => expect.any(Number)));
});

test.each(drawn(cells, 5))(
  'of $minimumRuns runs, where $liveRate of the live ones fail and $more more, $told % are aborted',
  ({ minimumRuns, liveRate, more, told }) => {
    const trial = { minimumRuns, share: SHARE, liveRate, candidateRate: liveRate + more };
    const ended = canaries(trial, CANARIES, random());
    const aborted = ended.filter(({ decision }) => decision === 'abort').length;
    expect(Math.abs((100 * aborted) / CANARIES - told)).toBeLessThanOrEqual(POINTS);
  },
);

test.each(rows)(
  'one that always fails is aborted soon: $minimumRuns runs, $liveRate of the live ones fail',
  ({ told, ...trial }) => {
    const ended = canaries({ ...trial, share: SHARE, candidateRate: 1 }, CANARIES, random());
    const runs = ended.map((each) => each.runs).sort((a, b) => a - b);
    const mean = runs.reduce((sum, each) => sum + each, 0) / CANARIES;
    expect(new Set(ended.map(({ decision }) => decision))).toEqual(new Set(['abort']));
    expect(Math.abs(mean - (told[5] as number))).toBeLessThan(0.2);
    expect(runs[Math.floor(0.95 * CANARIES)]).toBeLessThanOrEqual(6);
    expect(told[6]).toBeLessThanOrEqual(6);
  },
);
