import fc from 'fast-check';

import { votes } from '../../../nodes/shared/verdict/counts';
import { holds } from '../../support/property';

test('fifty retries of one document are one vote, which failed', () => {
  const retries = Array.from({ length: 50 }, (_, index) => ({
    input: 'poisonous.pdf',
    failed: index !== 30,
  }));
  expect(votes([...retries, { input: 'other.pdf', failed: false }])).toEqual({ runs: 2, failed: 1 });
});

test('runs of no known input are votes by themselves', () => {
  expect(votes([null, null, ''].map((input) => ({ input, failed: true })))).toEqual({ runs: 3, failed: 3 });
});

test('the order of runs makes no difference', () => {
  const run = fc.record({ input: fc.constantFrom('a', 'b', 'c', null), failed: fc.boolean() });
  holds(fc.array(run), (runs) => {
    expect(votes([...runs].reverse())).toEqual(votes(runs));
    const named = runs.filter(({ input }) => input !== null);
    const distinct = new Set(named.map(({ input }) => input)).size;
    expect(votes(runs).runs).toBe(distinct + runs.length - named.length);
  });
});
