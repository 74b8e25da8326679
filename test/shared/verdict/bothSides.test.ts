/** The verdict is given in TypeScript, and on the engine's side when n8n is not there: both decide alike. */
import fc from 'fast-check';

import type { Evidence } from '../../../nodes/shared/verdict/counts';
import { upperTail } from '../../../nodes/shared/verdict/fisher';
import { judge } from '../../../nodes/shared/verdict/judge';
import { canaryRule, type Rule, watchRule } from '../../../nodes/shared/verdict/rules';
import { drawnNumbers } from '../../support/drawn';
import { evaluate } from '../../support/pythonModule';
import { size } from '../../support/size';

type Case = readonly [Evidence, Rule, boolean];

const counts = (mostRuns: number) =>
  fc.nat(mostRuns).chain((runs) => fc.record({ runs: fc.constant(runs), failed: fc.nat(runs) }));
const cases: fc.Arbitrary<Case> = fc.tuple(
  fc.record({ candidate: counts(200), control: fc.oneof(counts(8), counts(800)) }),
  fc
    .tuple(fc.constantFrom(canaryRule, watchRule), fc.constantFrom(5, 20, 50))
    .map(([rule, runs]) => rule(runs)),
  fc.boolean(),
);

/** The case itself, and those around it at which the decision becomes another one. */
function around([{ candidate, control }, rule, isOver]: Case): Case[] {
  const all = Array.from({ length: candidate.runs + 1 }, (_, failed): Case => {
    return [{ candidate: { ...candidate, failed }, control }, rule, isOver];
  });
  return all.filter(
    (each, at) => at === candidate.failed || (at > 0 && judge(...each) !== judge(...(all[at - 1] as Case))),
  );
}

test('Python decides as TypeScript does, and by the same exact numbers', () => {
  const [seed] = drawnNumbers(0x7fff_ffff, 1);
  // Exactly at the limit, where numbers with rounding errors differ.
  const atLimit: Case = [
    { candidate: { runs: 3, failed: 2 }, control: { runs: 22, failed: 0 } },
    canaryRule(20),
    false,
  ];
  const given = [atLimit, ...fc.sample(cases, { seed, numRuns: size(300, 3000) }).flatMap(around)];
  const told = evaluate<unknown>(
    `from hot_deploy import verdict
def told(evidence, rule, is_over):
    return [verdict.judge(evidence, rule, is_over), [str(each) for each in verdict.upper_tail(evidence)]]
print(json.dumps([told(*each) for each in json.load(sys.stdin)]))`,
    given,
  );
  const expected = given.map(([evidence, rule, isOver]) => {
    const { numerator, denominator } = upperTail(evidence);
    return [judge(evidence, rule, isOver) ?? null, [String(numerator), String(denominator)]];
  });
  expect(told).toEqual(expected);
  expect(expected[0]).toEqual(['abort', ['3', '300']]);
});
