import type { Results } from './results';
import type { ServiceTimes } from './services';
import type { Spread } from './statistics';
import type { Times } from './times';

/** A number the design is built for, beside what was measured. */
export interface Goal {
  name: string;
  /** What the design allows. */
  atMost: string;
  measured: string;
  /** What others take, where they do the same. */
  against: string;
  met: boolean;
}

/** The design's numbers, as far as this run measured them. */
export function goalsOf(results: Results): Goal[] {
  const goals = (results.times ?? []).flatMap(deploymentGoals);
  if (results.extractions) goals.push(...extractionGoals(results.extractions));
  if (results.launcher) {
    const { bare, direct, throughLauncher } = results.launcher;
    for (const [way, spread] of Object.entries(throughLauncher)) {
      const added = spread.median - direct.median;
      goals.push({
        name: `an extraction through the launcher takes longer by (pinned: ${way})`,
        atMost: `one bare interpreter start: ${ms(bare.median)}`,
        measured: ms(added),
        against: '',
        met: added <= bare.median,
      });
    }
  }
  if (results.memory) {
    const { sourceMiB, directoryMiB, archiveMiB } = results.memory;
    goals.push({
      name: `memory added by a source of ${sourceMiB} MiB`,
      atMost: '64 MiB',
      measured: `directory ${directoryMiB.toFixed(0)} MiB, archive ${archiveMiB.toFixed(0)} MiB`,
      against: '',
      met: Math.max(directoryMiB, archiveMiB) <= 64,
    });
  }
  goals.push(...(results.services ?? []).flatMap(serviceGoals));
  return goals;
}

/** From this size on the design's number is relative to rsync's, below it is a time. */
const LARGE = 1000;

function deploymentGoals(times: Times): Goal[] {
  const { files, ours, rollback, rsync, traffic, roundTrips, treeBytes } = times;
  const large = files >= LARGE;
  const share = traffic.ours.sent / treeBytes;
  return [
    {
      name: `deploy, 1 of ${files} files changed`,
      atMost: large ? `1.0 × rsync's time` : '500 ms',
      measured: `${ms(ours.median)} = ${times.oursToRsync.toFixed(2)} × rsync's`,
      against: `rsync ${ms(rsync.median)}`,
      met: large ? times.oursToRsync <= 1 : ours.median <= 500,
    },
    {
      name: `rollback, ${files} files`,
      atMost: '300 ms',
      measured: ms(rollback.median),
      against: '',
      met: rollback.median <= 300,
    },
    ...(large
      ? [
          {
            name: `bytes sent, 1 of ${files} files changed`,
            atMost: "1 % of the tree's",
            measured: `${kib(traffic.ours.sent)} = ${(share * 100).toFixed(2)} %`,
            against: `rsync ${kib(traffic.rsync.sent)}, mv ${kib(traffic.moveTwice.sent)}`,
            met: share < 0.01,
          },
        ]
      : []),
    {
      name: `connections, channels, round trips, ${files} files`,
      atMost: '1, 1, 8; rollback 1, 1, 4',
      measured:
        `${traffic.ours.connections}, ${traffic.ours.channels}, ${roundTrips.deploy}; rollback ` +
        `${traffic.rollback.connections}, ${traffic.rollback.channels}, ${roundTrips.rollback}`,
      against: `connections: rsync ${traffic.rsync.connections}, mv ${traffic.moveTwice.connections}`,
      met:
        roundTrips.deploy <= 8 &&
        roundTrips.rollback <= 4 &&
        [traffic.ours, traffic.rollback].every((one) => one.connections === 1 && one.channels === 1),
    },
  ];
}

function extractionGoals({ saw, flip }: NonNullable<Results['extractions']>): Goal[] {
  const [ours, ...others] = saw;
  const bad = (tally: (typeof saw)[number]) => tally.failed + tally.mixed;
  return [
    {
      name: 'failed or mixed extractions',
      atMost: `0 of ${ours.done} over ${ours.flips} flips`,
      measured: `${bad(ours)}`,
      against: others.map((way) => `${way.name} ${bad(way)} of ${way.done}`).join(', '),
      met: bad(ours) === 0,
    },
    {
      name: 'one flip',
      atMost: '1 ms',
      measured: `median ${precise(flip, 'median')}, longest ${precise(flip, 'max')}`,
      against: '',
      met: flip.median <= 1,
    },
  ];
}

function serviceGoals({ server, clients, switches, ways }: ServiceTimes): Goal[] {
  const [ours, control, ...others] = ways;
  const { toControl = Infinity } = ours;
  return [
    {
      name: `lost requests of ${clients} clients while ${server} is handed over`,
      atMost: `0 of ${ours.requests} over ${switches} hand-overs`,
      measured: `${ours.lost}`,
      against: others.map(({ name, lost, requests }) => `${name} ${lost} of ${requests}`).join(', '),
      met: ours.lost === 0,
    },
    {
      name: `99.9th percentile of requests while ${server} is handed over`,
      atMost: `2 × that while it starts aside: ${ms(2 * control.percentileMs)}`,
      measured: `${ms(ours.percentileMs)}, ${toControl.toFixed(2)} × round by round`,
      against: others.map(({ name, percentileMs }) => `${name} ${ms(percentileMs)}`).join(', '),
      met: toControl <= 2,
    },
  ];
}

function precise(values: Spread, which: keyof Spread): string {
  return `${values[which].toFixed(3)} ms`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
