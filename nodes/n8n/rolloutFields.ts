/** The fields that say how a release is watched after its switch. */
import { CHECK_SECONDS, type WatchPolicy } from '../shared/rollout/watchPolicy';
import { choice, count, flag, option, type ReadParameter } from './field';

export const rollout = option(
  choice(['atOnce', 'watch'], {
    displayName: 'Rollout',
    name: 'rollout',
    default: 'atOnce',
    options: [
      {
        name: 'At Once',
        value: 'atOnce',
        description: 'The release is confirmed when it has passed its checks after the switch',
      },
      {
        name: 'Watch',
        value: 'watch',
        description:
          'How its runs end is counted after the switch, and its checks are repeated, on the engine’s side: where it is bad, the release before goes live again by itself',
      },
    ],
    description: 'What happens after the switch',
  }),
);

const watchMinutes = option(
  count({
    displayName: 'Watch Minutes',
    name: 'watchMinutes',
    default: 30,
    typeOptions: { minValue: 0.1 },
    description: 'With Rollout “Watch”: for how long. A bad release is taken back as soon as that is clear.',
  }),
);

const minimumRuns = option(
  count({
    displayName: 'Minimum Runs',
    name: 'minimumRuns',
    default: 20,
    typeOptions: { minValue: 1 },
    description:
      'With Rollout “Watch”: how many runs of different inputs it takes to call the release good. With fewer it stays live and is called inconclusive.',
  }),
);

const checkSeconds = option(
  count({
    displayName: 'Watch Check Interval (Seconds)',
    name: 'watchCheckSeconds',
    default: CHECK_SECONDS,
    typeOptions: { minValue: 1 },
    description:
      'With Rollout “Watch”: the pause between two rounds of the checks that are made after the switch. Two rounds in a row that don’t pass take the release back.',
  }),
);

export const waitForRollout = option(
  flag({
    displayName: 'Wait for Rollout',
    name: 'waitForRollout',
    default: true,
    description:
      'Whether the execution waits until a watched release is decided on. Otherwise it goes on at once, and Get Rollout tells later.',
  }),
);

/** In the collection Options. */
export const rolloutOptions = [checkSeconds, minimumRuns, rollout, waitForRollout, watchMinutes];

/** How the release is watched; undefined where it isn't. */
export function readWatch(read: ReadParameter): WatchPolicy | undefined {
  if (rollout.read(read) !== 'watch') return undefined;
  return {
    watchSeconds: watchMinutes.read(read) * 60,
    minimumRuns: Math.floor(minimumRuns.read(read)),
    checkSeconds: checkSeconds.read(read),
  };
}
