/** How a run ended, of every combination of facts: which end it is, and that each but success has a sentence. */
import fc from 'fast-check';

import { endingOf, RUN_STATUSES, type RunFacts } from '../../../nodes/shared/run/ending';
import { holds } from '../../support/property';

const BOUNDS = {
  timeoutSeconds: 600,
  memoryLimitMegabytes: 512,
  successExitCodes: [0, 3],
  repeatable: false,
};
const ended = (facts: Partial<RunFacts>) => endingOf({ state: 'ended', ...facts }, BOUNDS);

test.each<[Partial<RunFacts>, string, string | undefined]>([
  [{ exitCode: 0 }, 'succeeded', undefined],
  [{ exitCode: 3 }, 'succeeded', undefined],
  [{ exitCode: 1 }, 'failed', 'The run ended with exit code 1.'],
  [{ exitCode: null, signal: 'SIGKILL' }, 'killed', 'The run was killed by SIGKILL.'],
  [{ exitCode: 0, why: 'timeout' }, 'timedOut', 'The run was ended after 600 s, its Timeout.'],
  [
    { signal: 'SIGTERM', why: 'memory' },
    'killed',
    'The run was ended: it took more than 512 MB, its Memory Limit.',
  ],
  [{ signal: 'SIGTERM', why: 'cancelled' }, 'cancelled', 'The run was cancelled.'],
  [
    { signal: 'SIGTERM', why: 'left' },
    'cancelled',
    'The run was ended, since nobody waited for it any more.',
  ],
  [{ exitCode: null }, 'unknown', 'The run’s exit code is not known.'],
  [{ state: 'lost' }, 'unknown', 'A run with this Run Key was started, and nobody knows how it ended.'],
])('%j is %s', (facts, status, why) => {
  expect(ended(facts)).toMatchObject({ status, ...(why && { why }) });
});

test.each([126, 127])('exit code %i is explained', (exitCode) => {
  expect(ended({ exitCode }).remedy).toContain('A shell says so');
});

test('SIGKILL that is nobody’s of ours most often is memory', () => {
  expect(ended({ signal: 'SIGKILL' }).remedy).toContain('no memory left');
  expect(ended({ signal: 'SIGTERM' }).remedy).toBeUndefined();
});

test('what could not be ended is said before anything else', () => {
  const { status, remedy } = ended({ why: 'timeout', left: 2 });
  expect([status, remedy]).toEqual([
    'timedOut',
    '2 of its processes could not be ended and are still there; see Get Many Runs.',
  ]);
});

test('unknown is never success: only a good exit code of a run that ended by itself is', () => {
  const facts = fc.record(
    {
      state: fc.constantFrom('ended' as const, 'lost' as const),
      exitCode: fc.option(fc.nat(255)),
      signal: fc.option(fc.constantFrom('SIGTERM', 'SIGKILL', 'SIGSEGV')),
      why: fc.option(
        fc.constantFrom('timeout' as const, 'cancelled' as const, 'memory' as const, 'left' as const),
      ),
      left: fc.nat(2),
    },
    { requiredKeys: ['state'] },
  );
  holds(facts, (given) => {
    const { status, why } = endingOf(given, BOUNDS);
    const isGood = [0, 3].includes(given.exitCode ?? -1) && !given.signal && !given.why;
    expect(RUN_STATUSES).toContain(status);
    expect(status === 'succeeded').toBe(given.state === 'ended' && isGood);
    if (status !== 'succeeded') expect(why).toMatch(/^[A-Z].*\.$/);
  });
});
