/** When a window opens: by the clocks of its zone, which are put forward and back. */
import fc from 'fast-check';
import { DateTime } from 'luxon';

import {
  type DeploymentWindow,
  isTimeZone,
  millisecondsLeft,
  millisecondsUntil,
  shownWindow,
} from '../../../nodes/shared/release/deploymentWindow';
import { holds } from '../../support/property';
import { size } from '../../support/size';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Pacific/Apia',
  'America/St_Johns',
];
/** Around these, clocks are put forward or back, or a day is left out. */
const CHANGES = [
  '2026-03-29T01:00Z',
  '2026-10-25T01:00Z',
  '2026-03-08T07:00Z',
  '2026-11-01T06:00Z',
  '2026-04-04T15:00Z',
  '2026-10-03T15:30Z',
  '2011-12-30T10:00Z',
].map((text) => Date.parse(text));

// Most often near where clocks are changed.
const minute = fc.oneof(fc.nat(24 * 60 - 1), fc.integer({ min: 30, max: 240 }));
const window: fc.Arbitrary<DeploymentWindow> = fc
  .record({ from: minute, to: minute, zone: fc.constantFrom(...ZONES) })
  .filter(({ from, to }) => from !== to);
const now = fc.oneof(
  fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2027-12-31') }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -30 * HOUR, max: 30 * HOUR }))
    .map(([at, by]) => at + by),
);

/** Told by another library. */
function isOpen(time: number, { from, to, zone }: DeploymentWindow): boolean {
  const { hour, minute: past } = DateTime.fromMillis(time, { zone });
  const at = hour * 60 + past;
  return from < to ? at >= from && at < to : at >= from || at < to;
}

test('nobody waits within the window, over midnight or not, and who waits does so until its very first moment', () => {
  holds(
    fc.tuple(now, window),
    ([time, given]) => {
      const wait = millisecondsUntil(new Date(time), given);
      expect(isOpen(time + wait, given)).toBe(true);
      if (wait === 0) return;
      // In no minute before.
      for (let before = time; before < time + wait; before += MINUTE)
        expect(isOpen(before, given)).toBe(false);
      expect(isOpen(time + wait - 1, given)).toBe(false);
      expect(wait).toBeLessThanOrEqual(50 * HOUR);
      // Some thousand minutes each.
    },
    size(60, 2000),
  );
});

test('what is left of it ends with its very last moment', () => {
  holds(fc.tuple(now, window), ([time, given]) => {
    const left = millisecondsLeft(new Date(time), given);
    expect(left === 0).toBe(!isOpen(time, given));
    expect(isOpen(time + left, given)).toBe(false);
    if (left > 0) expect(isOpen(time + left - 1, given)).toBe(true);
  });
});

test.each<[string, string, DeploymentWindow, string]>([
  ['in winter', '2026-01-10T12:00Z', { from: 120, to: 300, zone: 'Europe/Berlin' }, '2026-01-11T01:00Z'],
  ['in summer', '2026-07-10T12:00Z', { from: 120, to: 300, zone: 'Europe/Berlin' }, '2026-07-11T00:00Z'],
  [
    'whose beginning the clocks leave out',
    '2026-03-28T12:00Z',
    { from: 120, to: 300, zone: 'Europe/Berlin' },
    '2026-03-29T01:00Z',
  ],
  [
    'that the clocks leave out',
    '2026-03-28T12:00Z',
    { from: 130, to: 170, zone: 'Europe/Berlin' },
    '2026-03-30T00:10Z',
  ],
  [
    'that comes twice',
    '2026-10-25T00:45Z',
    { from: 120, to: 160, zone: 'Europe/Berlin' },
    '2026-10-25T01:00Z',
  ],
  [
    'over midnight, before it',
    '2026-01-10T12:00Z',
    { from: 22 * 60, to: 120, zone: 'UTC' },
    '2026-01-10T22:00Z',
  ],
  [
    'over midnight, within it',
    '2026-01-10T01:59Z',
    { from: 22 * 60, to: 120, zone: 'UTC' },
    '2026-01-10T01:59Z',
  ],
  ['until midnight', '2026-01-10T00:00Z', { from: 22 * 60, to: 0, zone: 'UTC' }, '2026-01-10T22:00Z'],
])('a window %s', (_which, at, given, opens) => {
  const time = Date.parse(at);
  expect(new Date(time + millisecondsUntil(new Date(time), given))).toEqual(new Date(opens));
});

test('it is shown as it was entered', () => {
  expect(shownWindow({ from: 120, to: 305, zone: 'UTC' })).toBe('02:00-05:05 (UTC)');
  expect([...ZONES, 'Mars/Olympus', '../etc', ''].filter((zone) => !isTimeZone(zone))).toEqual([
    'Mars/Olympus',
    '../etc',
    '',
  ]);
});
