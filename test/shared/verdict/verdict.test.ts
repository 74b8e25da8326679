import fc from 'fast-check';

import { canaryRule, watchRule } from '../../../nodes/shared/verdict/rules';
import { told, verdictOn } from '../../../nodes/shared/verdict/verdict';
import { holds } from '../../support/property';

const of = (failed: number, runs: number, controlFailed: number, controlRuns: number) => ({
  candidate: { runs, failed },
  control: { runs: controlRuns, failed: controlFailed },
});

test.each([
  [20, '13.9 %'],
  [50, '5.82 %'],
  [100, '2.95 %'],
  [300, '0.99 %'],
])('%i clean runs rule out a failure rate above %s', (runs, rate) => {
  const verdict = verdictOn(of(0, runs, 0, 4 * runs), canaryRule(20), false);
  expect(verdict).toMatchObject({ decision: 'promote', p: 1 });
  expect(verdict?.sentence).toBe(
    `None of ${runs} runs of the candidate failed, and none of ${(4 * runs).toLocaleString('en')} runs of the live release. ${runs} clean runs rule out a failure rate above ${rate}, at 95 % confidence.`,
  );
});

test('one that is worse: the table, how likely that is, and the limit', () => {
  expect(verdictOn(of(4, 12, 1, 48), canaryRule(20), false)).toEqual({
    decision: 'abort',
    table: [
      { release: 'candidate', failed: 4, succeeded: 8 },
      { release: 'live', failed: 1, succeeded: 47 },
    ],
    p: expect.closeTo(0.004_495, 6),
    sentence:
      '4 of 12 runs of the candidate failed, and 1 of 48 runs of the live release; were it as good, chance would do that in 0.45 % of all cases, and the limit is 1 %.',
  });
});

test.each([
  [
    'too few runs',
    of(0, 7, 0, 28),
    canaryRule(20),
    'None of 7 runs of the candidate failed, and none of 28 runs of the live release; a verdict takes 20 runs of it at least. 7 clean runs rule out a failure rate above 34.8 %, at 95 % confidence.',
  ],
  [
    'no run',
    of(0, 0, 0, 3),
    canaryRule(20),
    'None of 0 runs of the candidate failed, and none of 3 runs of the live release; a verdict takes 20 runs of it at least.',
  ],
  [
    'only failures',
    of(1, 1, 0, 0),
    watchRule(5),
    '1 of 1 run of the candidate failed; a verdict takes 5 runs of it at least. That says nothing of how often it would fail.',
  ],
  [
    'nothing to compare with',
    of(2, 25, 0, 0),
    watchRule(20),
    '2 of 25 runs of the candidate failed; there are too few other runs to compare with. 25 runs rule out a failure rate above 23.1 %, at 95 % confidence.',
  ],
  [
    'neither good nor bad',
    of(3, 60, 2, 240),
    canaryRule(20),
    '3 of 60 runs of the candidate failed, and 2 of 240 runs of the live release; were it as good, chance would do that in 5.64 % of all cases: too seldom to call it good, too often to call it bad. 60 runs rule out a failure rate above 12.4 %, at 95 % confidence.',
  ],
])('one on which nothing could be decided: %s', (_title, evidence, rule, sentence) => {
  expect(verdictOn(evidence, rule, true)).toMatchObject({ decision: 'inconclusive', sentence });
});

test('without others to compare with, what it rests on is said', () => {
  expect(verdictOn(of(3, 6, 0, 0), watchRule(20), false)).toMatchObject({
    decision: 'abort',
    p: null,
    sentence:
      '3 of 6 runs of the candidate failed; with no other runs to compare with, 3 failures and 50 % are the limit.',
  });
});

test('a decision that was taken elsewhere is worded from its counts', () => {
  holds(
    fc.tuple(fc.nat(100), fc.nat(100), fc.nat(400), fc.nat(400), fc.boolean()),
    ([a, b, c, d, isOver]) => {
      const evidence = of(Math.min(a, b), Math.max(a, b), Math.min(c, d), Math.max(c, d));
      const verdict = verdictOn(evidence, canaryRule(20), isOver);
      if (verdict === undefined) return;
      expect(told(evidence, canaryRule(20), verdict.decision)).toEqual(verdict);
      expect(verdict.sentence).not.toMatch(/NaN|undefined|Infinity|null/);
    },
  );
});
