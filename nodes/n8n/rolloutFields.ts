/** The fields that say how a release is watched after its switch. */
import { DeployError } from '../shared/errors';
import { CHECK_SECONDS, type WatchedLog, type WatchPolicy } from '../shared/rollout/watchPolicy';
import { choice, count, field, flag, option, type ReadParameter } from './field';
import { readText } from './values';

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

const watchLogs = option(
  field(
    {
      displayName: 'Watch Logs',
      name: 'watchLogs',
      type: 'string',
      typeOptions: { rows: 3 },
      default: '',
      placeholder: 'logs/engine.log = Traceback',
      description:
        'With Rollout “Watch”: logs, and the text whose lines are counted, “path = text”, one a line. “$ docker logs --follow --tail 0 engine = Traceback” has a program print the log. More lines than the limit take the release back.',
    },
    readLogs,
  ),
);

const watchLogLimit = option(
  count({
    displayName: 'Watch Log Limit',
    name: 'watchLogLimit',
    default: 0,
    typeOptions: { minValue: 0 },
    description: 'With Watch Logs: how many such lines of each log are let pass',
  }),
);

type Log = Omit<WatchedLog, 'limit'>;

function readLogs(value: unknown, called: string): Log[] {
  const lines = readText(called, value).split(/\r?\n/);
  return lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [readLog(line.trim(), `Line ${index + 1} of ${called}`)],
  );
}

function readLog(line: string, called: string): Log {
  const [what = '', ...texts] = line.split(' = ');
  const [place, text] = [what.trim(), texts.join(' = ').trim()];
  if (place === '' || text === '') {
    throw new DeployError(
      'INPUT',
      `${called} is ${JSON.stringify(line)}. Give a log and the text to look for, with “ = ” between, such as logs/engine.log = no evidence.`,
    );
  }
  if (!place.startsWith('$ ')) return { name: place, path: place, text };
  const command = place.slice(2).trim().split(/\s+/);
  return { name: command.join(' '), command, text };
}

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
export const rolloutOptions = [
  checkSeconds,
  minimumRuns,
  rollout,
  waitForRollout,
  watchLogLimit,
  watchLogs,
  watchMinutes,
];

/** How the release is watched; undefined where it isn't. */
export function readWatch(read: ReadParameter): WatchPolicy | undefined {
  if (rollout.read(read) !== 'watch') return undefined;
  return {
    watchSeconds: watchMinutes.read(read) * 60,
    minimumRuns: Math.floor(minimumRuns.read(read)),
    checkSeconds: checkSeconds.read(read),
    logs: watchLogs.read(read).map((log) => ({ ...log, limit: Math.floor(watchLogLimit.read(read)) })),
  };
}
