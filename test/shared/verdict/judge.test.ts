import fc from 'fast-check';

import type { Evidence } from '../../../nodes/shared/verdict/counts';
import { judge } from '../../../nodes/shared/verdict/judge';
import { canaryRule, watchRule } from '../../../nodes/shared/verdict/rules';
import { holds } from '../../support/property';

const counts = (most: number) =>
  fc.nat(most).chain((runs) => fc.record({ runs: fc.constant(runs), failed: fc.nat(runs) }));
const evidences: fc.Arbitrary<Evidence> = fc.record({ candidate: counts(80), control: counts(300) });
const rules = fc.tuple(fc.constantFrom(canaryRule, watchRule), fc.integer({ min: 1, max: 40 }));
const of = (failed: number, runs: number, controlFailed: number, controlRuns: number): Evidence => ({
  candidate: { runs, failed },
  control: { runs: controlRuns, failed: controlFailed },
});

test.each([
  ['no failure in as many runs as it takes', of(0, 20, 0, 80), 'promote'],
  ['no failure, and one run too few', of(0, 19, 0, 80), undefined],
  ['two failures exactly at the limit', of(2, 3, 0, 22), 'abort'],
  ['two failures just above it', of(2, 3, 0, 21), undefined],
  ['one failure alone, however many others succeeded', of(1, 1, 0, 10_000), undefined],
  ['too few others to compare with', of(3, 3, 0, 4), undefined],
  ['failures as often as the others', of(4, 20, 16, 80), 'promote'],
  ['failures seldom by chance, and not seldom enough', of(2, 20, 0, 80), undefined],
  ['as many runs as there may be, and no decision', of(3, 60, 2, 240), 'inconclusive'],
])('a canary with %s: %s', (_title, evidence, expected) => {
  expect(judge(evidence, canaryRule(20), false)).toBe(expected);
});

test.each([
  ['half of six', of(3, 6, 0, 0), 'abort'],
  ['less than half', of(3, 7, 0, 0), undefined],
  ['two alone', of(2, 2, 0, 0), undefined],
  ['all of them, where few ran before', of(3, 3, 0, 4), 'abort'],
])(
  'without others to compare with, a watch is decided by failures alone: %s',
  (_title, evidence, expected) => {
    expect(judge(evidence, watchRule(20), false)).toBe(expected);
  },
);

test('failures with nothing to compare with are never good, however many runs there are', () => {
  expect(judge(of(2, 59, 0, 0), canaryRule(20), false)).toBeUndefined();
  expect(judge(of(2, 60, 0, 0), watchRule(20), false)).toBe('inconclusive');
});

test('below its minimum of runs nothing is good, and nobody waits for ever', () => {
  holds(fc.tuple(evidences, rules), ([evidence, [rule, minimumRuns]]) => {
    const decision = judge(evidence, rule(minimumRuns), false);
    if (evidence.candidate.runs < minimumRuns) expect(decision).not.toBe('promote');
    if (evidence.candidate.runs >= 3 * minimumRuns) expect(decision).toBeDefined();
    expect(judge(evidence, rule(minimumRuns), true)).toBeDefined();
    if (evidence.candidate.failed < 2) expect(decision).not.toBe('abort');
  });
});

test('one failure more never makes a candidate look better', () => {
  const order = ['promote', undefined, 'inconclusive', 'abort'];
  holds(fc.tuple(evidences, rules), ([{ candidate, control }, [rule, minimumRuns]]) => {
    const ranks = Array.from({ length: candidate.runs + 1 }, (_, failed) =>
      order.indexOf(judge({ candidate: { ...candidate, failed }, control }, rule(minimumRuns), false)),
    );
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  });
});
