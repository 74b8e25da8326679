import type { Ended } from '../../../nodes/shared/contract/messages';
import { type End, endOf, type Evidence, liveAfter, whatIsLive } from '../../../nodes/shared/release/end';
import { asReleaseId } from '../../support/named';

const OLD = asReleaseId('20261123-171501-0000000');
const NEW = asReleaseId('20261123-171502-1111111');
const NOTHING: Evidence = {
  before: OLD,
  plain: false,
  attempted: undefined,
  takenBack: false,
  confirming: false,
  cancelled: false,
  ended: undefined,
  abandoned: false,
};
const left = (changes: Partial<Ended>): Ended => ({ reason: null, reverted: false, live: OLD, ...changes });

/** What happened, what it means, and what people read. */
const TABLE: Array<[string, Partial<Evidence>, End, string]> = [
  [
    'refused before anybody looked',
    { before: undefined, ended: left({ live: null }) },
    { end: 'refused', live: undefined },
    'The deployment changed nothing.',
  ],
  [
    'refused on an engine without a release',
    { before: null, ended: left({ live: null }) },
    { end: 'refused', live: null },
    'Nothing is live in /app yet; the deployment changed nothing.',
  ],
  [
    'refused while a release is live',
    { ended: left({}) },
    { end: 'refused', live: OLD },
    `Release ${OLD} is live in /app; the deployment changed nothing.`,
  ],
  [
    'taken back by a check',
    { attempted: NEW, takenBack: true, ended: left({}) },
    { end: 'takenBack', live: OLD },
    `The switch was taken back: release ${OLD} is live in /app again.`,
  ],
  [
    'taken back by the engine’s side itself',
    { attempted: NEW, ended: left({ reverted: true }) },
    { end: 'takenBack', live: OLD },
    `The switch was taken back: release ${OLD} is live in /app again.`,
  ],
  [
    'cancelled, and taken back on the way: nothing has changed for whoever cancels',
    { attempted: NEW, cancelled: true, ended: left({ reverted: true }) },
    { end: 'refused', live: OLD },
    `Release ${OLD} is live in /app; the deployment changed nothing.`,
  ],
  [
    'a first deployment that was taken back to nothing',
    { before: null, attempted: NEW, takenBack: true, ended: left({ live: null }) },
    { end: 'refused', live: null },
    'Nothing is live in /app yet; the deployment changed nothing.',
  ],
  [
    'a first deployment over plain files that a check before the switch refused',
    { before: null, plain: true, attempted: NEW, ended: left({ live: null }) },
    { end: 'refused', live: null, plain: true },
    'The plain files in /app are as they were; the deployment changed nothing.',
  ],
  [
    'a first deployment over plain files that was taken back',
    { before: null, plain: true, attempted: NEW, takenBack: true, ended: left({ live: null }) },
    { end: 'takenBack', live: null },
    'The switch was taken back: the plain files in /app are as they were.',
  ],
  [
    'a first deployment over plain files that the engine’s side could not take back',
    { before: null, plain: true, attempted: NEW, ended: left({ live: OLD }) },
    { end: 'kept', live: OLD },
    `Release ${OLD} is live in /app now.`,
  ],
  [
    'a first deployment over plain files, lost',
    { before: null, plain: true, attempted: NEW },
    { end: 'unknown', how: 'unwinding', before: null },
    "Plain files were live in /app; the engine's side puts them back by itself. Get Status shows what is live.",
  ],
  [
    'a first deployment over plain files, lost while confirming',
    { before: null, plain: true, attempted: NEW, confirming: true },
    { end: 'unknown', how: 'confirming' },
    'Whether the deployment to /app was kept is not known; Get Status shows what is live.',
  ],
  [
    'kept in the very instant in which it was cancelled',
    { attempted: NEW, confirming: true, cancelled: true, ended: left({ live: NEW }) },
    { end: 'kept', live: NEW },
    `Release ${NEW} is live in /app now.`,
  ],
  [
    'lost while confirming, and nothing was heard',
    { attempted: NEW, confirming: true },
    { end: 'unknown', how: 'confirming' },
    'Whether the deployment to /app was kept is not known; Get Status shows what is live.',
  ],
  [
    'lost on the first deployment while confirming',
    { before: null, attempted: NEW, confirming: true },
    { end: 'unknown', how: 'confirming' },
    'Whether the deployment to /app was kept is not known; Get Status shows what is live.',
  ],
  [
    'lost at any other time',
    { attempted: NEW },
    { end: 'unknown', how: 'unwinding', before: OLD },
    `${OLD} was live in /app; the engine's side goes back to it by itself. Get Status shows what is live.`,
  ],
  [
    'lost before anybody looked',
    { before: undefined },
    { end: 'refused', live: undefined },
    'The deployment changed nothing.',
  ],
  [
    'the executor was killed with a release on its way',
    { attempted: NEW, abandoned: true },
    { end: 'unknown', how: 'abandoned', before: OLD, attempted: NEW },
    `${OLD} was live in /app, and ${NEW} may be now, unconfirmed: the next deployment or rollback runs its checks and decides. Get Status shows it.`,
  ],
  [
    'the executor was killed before that',
    { before: null, abandoned: true },
    { end: 'unknown', how: 'abandoned', before: null, attempted: undefined },
    'Nothing is live in /app; the next operation removes what was half built.',
  ],
];

test.each(TABLE)('P5: %s', (_what, changes, end, sentence) => {
  const evidence = { ...NOTHING, ...changes };
  expect(endOf(evidence)).toEqual(end);
  expect(whatIsLive(end, 'deployment', '/app')).toBe(sentence);
});

/** Every evidence that there can be. */
function* everyEvidence(): Generator<Evidence> {
  const yes = [true, false];
  const ends = [
    undefined,
    ...yes.flatMap((reverted) => [null, OLD, NEW].map((live) => left({ reverted, live }))),
  ];
  for (const [before, plain] of [
    [undefined, false],
    [null, false],
    [null, true],
    [OLD, false],
  ] as const)
    for (const attempted of [undefined, NEW])
      for (const takenBack of yes)
        for (const confirming of yes)
          for (const cancelled of yes)
            for (const abandoned of yes)
              for (const ended of ends)
                yield { before, plain, attempted, takenBack, confirming, cancelled, abandoned, ended };
}

test('P5: every evidence has an end, a sentence, and nothing is called live that nobody saw live', () => {
  let count = 0;
  for (const evidence of everyEvidence()) {
    const end = endOf(evidence);
    const live = liveAfter(end);
    expect(whatIsLive(end, 'rollback', '/app')).toMatch(/\.$/);
    // Only the engine's side can say that something else is live than before.
    if (live) expect([evidence.before, evidence.ended?.live]).toContain(live);
    if (end.end === 'kept') expect(evidence.ended?.live).toBe(live);
    if (evidence.abandoned) expect(end.end).toBe('unknown');
    count += 1;
  }
  expect(count).toBe(4 * 2 * 2 * 2 * 2 * 2 * 7);
});
