import { FAILURES } from '../../../../nodes/shared/executor/failures';
import { raisedInPython } from '../../../support/pythonRefusals';
import { REFUSALS } from '../../../support/refusals';

const raised = raisedInPython();
const kinds = Object.keys(FAILURES).sort();
const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort();

test('every place that refuses says a kind; one passes on what another process refused', () => {
  expect(raised.length).toBeGreaterThan(75);
  const others = raised.filter(({ kind }) => kind === null);
  expect(others.map(({ place }) => place.replace(/\d+/, ''))).toEqual(['workers.py:']);
});

test('every kind that Python says has a sentence here, and there are no others', () => {
  expect(sorted(raised.flatMap(({ kind }) => kind ?? []))).toEqual(kinds);
  expect(kinds.filter((kind) => !/^[a-z][A-Za-z]*$/.test(kind))).toEqual([]);
});

test('the facts that Python names are those of the kind, each of them', () => {
  const named = raised.filter(({ kind }) => kind !== null);
  const known = named.map(({ place, kind }) => ({ place, kind, facts: [...FAILURES[kind!].facts].sort() }));
  expect(named).toEqual(known);
});

test('the examples have every kind, and every fact of it', () => {
  expect(sorted(REFUSALS.map(({ kind }) => kind))).toEqual(kinds);
  for (const { kind, facts } of REFUSALS) {
    expect({ kind, facts: Object.keys(facts).sort() }).toEqual({
      kind,
      facts: [...FAILURES[kind].facts].sort(),
    });
  }
});
