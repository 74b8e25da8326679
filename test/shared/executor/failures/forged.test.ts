import fc from 'fast-check';

import { DeployError } from '../../../../nodes/shared/errors';
import { FAILURES, worded } from '../../../../nodes/shared/executor/failures';
import { fuzz, nasty, replacedAt } from '../../../support/fuzz';
import { REFUSALS } from '../../../support/refusals';

const INTRUDER = 'an intruder';

/** What must hold whatever is said: words, and not too many of them, and nothing that changes JavaScript itself. */
function expectBounded(error: DeployError): void {
  expect(error).toBeInstanceOf(DeployError);
  expect(error.message).toMatch(/\S/);
  expect(error.message).not.toMatch(/undefined|\[object/);
  expect(Array.from(error.message).length).toBeLessThanOrEqual(3000);
  expect(error.description?.length ?? 0).toBeLessThanOrEqual(128 * 1024);
  expect(JSON.stringify(error.details).length).toBeLessThanOrEqual(130 * 1024);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

const seen = ({ code, message, description, details }: DeployError): string =>
  JSON.stringify({ code, message, description, details });

test.each(REFUSALS)('P7: $kind: a fact that it has no shape for does not arrive', ({ kind, facts }) => {
  const more = JSON.parse(
    JSON.stringify({ ...facts, extra: INTRUDER, code: INTRUDER, message: INTRUDER, skipped: true }).replace(
      /^\{/,
      `{"__proto__":{"polluted":"${INTRUDER}"},"constructor":"${INTRUDER}",`,
    ),
  ) as Record<string, unknown>;
  expect(seen(worded(kind, more))).toBe(seen(worded(kind, facts)));
});

test.each(REFUSALS)(
  'P7: $kind: without its facts, or with none that are, it is a refused step',
  (refusal) => {
    const { kind, facts } = refusal;
    const forged: unknown[] = [undefined, null, 7, 'x', [], [facts]];
    if (FAILURES[kind].facts.some((name) => name !== 'holder')) forged.push({}, Object.create(facts));
    for (const each of forged) {
      const error = worded(kind, each);
      expectBounded(error);
      expect(error).toMatchObject({
        code: 'STEP',
        message: `The engine's side refused a step (${kind}), and what it says of that has another form than it should.`,
        details: { skipped: kind === 'skipped' },
      });
    }
  },
);

test.each<[string, string, Record<string, unknown>]>([
  ['a number for a path', 'linkInPlace', { path: 7 }],
  ['a path without end', 'linkInPlace', { path: 'x'.repeat(2_000_000) }],
  ['a quoted text without end', 'releaseId', { given: 'x'.repeat(2_000_000) }],
  ['nesting without end', 'releaseId', { given: JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown }],
  ['what changes objects', 'releaseId', { given: JSON.parse('{"__proto__":{"polluted":1}}') as unknown }],
  ['less than no room', 'diskFull', { basePath: '/app', freeBytes: -1, neededBytes: 1 }],
  ['half a byte', 'diskFull', { basePath: '/app', freeBytes: 0.5, neededBytes: 1 }],
  ['another word', 'ownerUnknown', { owner: 'a', type: 'planet', name: 'b' }],
  ['a long list', 'releaseDamaged', { release: 'r', missing: Array(21).fill('x'), modified: [], count: 21 }],
  ['no list', 'releaseDamaged', { release: 'r', missing: 'src', modified: [], count: 1 }],
])('P7: facts that are none: %s', (_title, kind, facts) => {
  const error = worded(kind, facts);
  expectBounded(error);
  expect(error.code).toBe('STEP');
  expect(error.message).toContain(`refused a step (${kind})`);
  expect(error.details).toEqual({ skipped: false });
});

test.each([
  ['__proto__', 'proto'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['diskFul', 'diskFul'],
  ['<script>alert(1)</script>', 'scriptalertscript'],
  ['rm -rf /\n\u001b[2J', 'rmrfJ'],
  ['x'.repeat(1_000_000), 'x'.repeat(40)],
  ['7', 'unnamed'],
  ['', 'unnamed'],
])('P7: a kind that this version does not know is named by its letters: %.40j', (kind, name) => {
  const error = worded(kind, { message: INTRUDER, path: INTRUDER });
  expectBounded(error);
  expect(error).toMatchObject({
    code: 'STEP',
    message: `The engine's side refused a step for a reason that this version doesn't know: ${name}.`,
    details: { skipped: false },
  });
  expect(seen(error)).not.toContain(INTRUDER);
});

test.each(['', ' \n'])('P7: what was left undone without a word, %j, is said to be that', (said) => {
  const error = worded('leftUndone', { said });
  expectBounded(error);
  expect(error.message).toBe("Something could not be undone, and the engine's side doesn't say why.");
});

test('P7: markup stays text, in its place, and says nothing else', () => {
  const markup = '<img src=x onerror=alert(1)>';
  expect(worded('releaseMissing', { release: markup }).message).toBe(
    `Release ${markup} is not kept here. List the releases to see which are.`,
  );
});

test('P7: whatever is said in the place of a fact, it becomes a bounded sentence', async () => {
  await fuzz(
    fc.asyncProperty(fc.constantFrom(...REFUSALS), fc.nat(), nasty, async ({ kind, facts }, place, lie) => {
      expectBounded(worded(kind, replacedAt(facts, place, lie)));
    }),
    500,
  );
});
