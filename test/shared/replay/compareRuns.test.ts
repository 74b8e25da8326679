/** What runs put out, compared part by part, and what a replay makes of it. */
import { compareRuns } from '../../../nodes/shared/replay/compareRuns';
import { comparingOf, MOST } from '../../../nodes/shared/replay/differences';
import { judgeReplay } from '../../../nodes/shared/replay/judgeReplay';
import { resultOfReplay } from '../../../nodes/shared/replay/replayResult';
import type { Observed, Part } from '../../../nodes/shared/replay/observed';
import { replaySettings } from '../../support/replaySettings';

const how = comparingOf(replaySettings());
const SEEN = { status: 'succeeded', durationMs: 100, peakMemoryBytes: 1 } as const;

function observed(parts: Record<string, Part>): Observed {
  return { ...SEEN, parts: new Map(Object.entries(parts)) };
}

const json = (value: unknown): Part => ({ kind: 'json', text: JSON.stringify(value) });
const lines = (text: string): Part => ({ kind: 'lines', text });
const file = (bytes: number): Part => ({ kind: 'file', bytes });

/** A report with so many entries whose score is another one in each run, and one field behind them. */
function report(run: number, last: string): Observed {
  const evidence = Array.from({ length: 3 * MOST }, (_, place) => ({ id: place, score: place + run / 10 }));
  return observed({ 'report.json': json({ evidence, last }) });
}

test('one steady field that differs is found behind any number of noisy ones', async () => {
  const [live, again, other] = [report(1, 'as ever'), report(2, 'as ever'), report(3, 'otherwise')];
  const { differing: noise } = await compareRuns(live, again, how);
  expect([...noise]).toEqual(['report.json/evidence/*/score']);
  const found = await compareRuns(live, other, how, noise);
  expect(found.differences).toEqual([
    { path: 'report.json/last', field: 'report.json/last', live: '"as ever"', other: '"otherwise"' },
  ]);
  const judged = judgeReplay([{ input: 'a', live: SEEN, again: SEEN, other: SEEN, noise, found }], false);
  expect(judged).toMatchObject({
    verdict: 'different',
    unlisted: 0,
    noisy: ['report.json/evidence/*/score'],
  });
});

test('what one input shows to be noise is no difference of another one, listed or not', async () => {
  const quiet = await compareRuns(report(1, 'same'), report(1, 'same'), how);
  const loud = await compareRuns(report(1, 'same'), report(2, 'same'), how);
  const runs = { live: SEEN, again: SEEN, other: SEEN };
  expect(loud.unlisted).toBe(2 * MOST);
  const judged = judgeReplay(
    [
      { input: 'a', ...runs, noise: loud.differing, found: loud },
      { input: 'b', ...runs, noise: quiet.differing, found: loud },
    ],
    false,
  );
  expect(judged).toMatchObject({ verdict: 'same', differences: [], unlisted: 0 });
});

test('the digest that approves differences tells those that are not listed, too', async () => {
  const list = (last: number) => listed([...Array.from({ length: 2 * MOST }, (_, place) => place + 1), last]);
  const live = listed(Array.from({ length: 2 * MOST + 1 }, () => 0));
  const digestOf = async (other: Observed) => {
    const found = await compareRuns(live, other, how);
    const inputs = [{ input: 'a', live: SEEN, again: SEEN, other: SEEN, found }];
    const settings = replaySettings();
    return resultOfReplay(inputs, { settings, available: 1, unfinished: false, unused: [] });
  };
  const [one, same, another] = [await digestOf(list(1)), await digestOf(list(1)), await digestOf(list(2))];
  expect(one.differenceCount).toBe(2 * MOST + 1);
  expect(one.differenceDigest).toBe(same.differenceDigest);
  expect(one.differenceDigest).not.toBe(another.differenceDigest);
});

function listed(list: readonly number[]): Observed {
  return observed({ 'report.json': json({ list }) });
}

test('a field that the other release varies more often than the live one is noisier', async () => {
  const quiet = await compareRuns(report(1, 'same'), report(1, 'same'), how);
  const loud = await compareRuns(report(1, 'same'), report(2, 'same'), how);
  const runs = { live: SEEN, again: SEEN, other: SEEN };
  const judged = (varying: number, all: number) =>
    judgeReplay(
      Array.from({ length: all }, (_, index) => ({
        ...{ input: String(index), ...runs },
        // Once, the live release varies it, too, so that it is noise at all.
        noise: index === 0 ? loud.differing : quiet.differing,
        found: index > 0 && index <= varying ? loud : quiet,
      })),
      false,
    );
  // Of seven inputs in which one of both pairs differs, six say so: 8 in 128 by chance.
  expect(judged(6, 7)).toMatchObject({ verdict: 'same', noisier: [] });
  // Seven of eight: 9 in 256.
  expect(judged(7, 8)).toMatchObject({ verdict: 'different', noisier: ['report.json/evidence/*/score'] });
});

test('files that are not read are the same within a tenth of their size; lines are compared by their number', async () => {
  const one = observed({ 'a.xlsx': file(1000), stdout: lines('one\ntwo') });
  expect(
    (await compareRuns(one, observed({ 'a.xlsx': file(1100), stdout: lines('one\ntwo') }), how)).differences,
  ).toEqual([]);
  const other = observed({ 'a.xlsx': file(1200), stdout: lines('one\n2') });
  expect((await compareRuns(one, other, how)).differences.map(({ path }) => path)).toEqual([
    'a.xlsx',
    'stdout/line 2',
  ]);
  const gone = await compareRuns(one, observed({ stdout: lines('one\ntwo') }), how);
  expect([gone.missing, gone.differences]).toEqual([
    ['a.xlsx'],
    [{ path: 'a.xlsx', field: 'a.xlsx', live: '"there"' }],
  ]);
});

test('what begins like JSON and is none is compared as what it is', async () => {
  const broken = (text: string) => observed({ stdout: { kind: 'json', text } });
  const found = await compareRuns(broken('[INFO] one'), broken('[INFO] two'), how);
  expect(found.differences.map(({ path }) => path)).toEqual(['stdout/line 1']);
});
