import { table } from '../scripts/demo/table';
import type { ConnectionTimes } from './connections';
import type { GitTimes } from './git';
import { goalsOf } from './goals';
import type { Results } from './results';
import type { ServiceTimes } from './services';
import type { Spread } from './statistics';
import type { Times } from './times';

/** Everything measured, as tables for a terminal. */
export function report(results: Results): string {
  const { machine, times = [], readers, extractions } = results;
  const parts = [
    `${machine.processors} × ${machine.model}, Node ${machine.node}, load ${machine.loadBefore.toFixed(1)} before ` +
      `and ${machine.loadAfter?.toFixed(1)} after`,
    ...times.map(timesTable),
    ...times.map(trafficTable),
  ];
  if (readers) {
    parts.push(
      table(
        ['A reader during', 'deployments', 'opens', 'failed', 'pairs', 'mixed'],
        readers.map(({ name, deployments, opens, failed, pairs, mixed }) =>
          [name, deployments, opens, failed, pairs, mixed].map(String),
        ),
      ),
    );
  }
  if (extractions) {
    parts.push(
      table(
        ['Extractions during', 'flips', 'ended', 'failed', 'mixed'],
        extractions.saw.map(({ name, flips, done, failed, mixed }) =>
          [name, flips, done, failed, mixed].map(String),
        ),
      ),
    );
  }
  if (results.git) parts.push(gitTable(results.git));
  parts.push(...(results.connections ?? []).map(connectionsTable));
  parts.push(...(results.services ?? []).map(servicesTable));
  const goals = goalsOf(results).map(({ name, atMost, measured, against, met }) => [
    name,
    atMost,
    measured,
    met ? 'met' : 'NOT MET',
    against,
  ]);
  parts.push(table(['The design', 'at most', 'measured', '', 'against'], goals));
  return parts.join('\n\n');
}

function timesTable({ files, rounds, steps, ...times }: Times): string {
  const row = (name: string, { median, min, max }: Spread) => [
    name,
    ...[median, min, max].map((value) => value.toFixed(0)),
    (median / times.rsync.median).toFixed(2),
  ];
  const rows = [
    row('deploy', times.ours),
    row('deploy with backup', times.oursWithBackup),
    row('roll back', times.rollback),
    row('rsync + link swap', times.rsync),
    row('two-step mv', times.moveTwice),
    ...(times.capistrano ? [row('Capistrano', times.capistrano)] : []),
  ];
  const title = `1 of ${files} files changed, ms over ${rounds} rounds`;
  const stepList = steps.map(({ name, durationMs }) => `${name} ${durationMs.toFixed(0)}`).join(', ');
  const header = [title, 'median', 'least', 'most', '× rsync'];
  return `${table(header, rows)}\nSteps of a deployment with backup, ms: ${stepList}`;
}

function connectionsTable({ subject, delayMs, ways }: ConnectionTimes): string {
  const rows = ways.map(({ name, times: { median, min, max }, toSsh }) => [
    name,
    ...[median, min, max].map((value) => value.toFixed(0)),
    toSsh.toFixed(2),
  ]);
  const title = `${subject} against python3 -c '', ${2 * delayMs} ms away`;
  return table([title, 'median', 'least', 'most', '× ssh'], rows);
}

function servicesTable({ server, clients, switches, ways }: ServiceTimes): string {
  const rows = ways.map(({ name, requests, lost, slowestMs, percentileMs, firstAnswerMs, toControl }) => [
    name,
    ...[requests, lost].map((value) => value.toLocaleString('en')),
    ...[slowestMs, percentileMs].map((value) => value.toFixed(0)),
    toControl?.toFixed(2) ?? '',
    firstAnswerMs?.median.toFixed(0) ?? '',
  ]);
  const title = `${server} under ${clients} clients, ${switches} switches`;
  const header = [
    title,
    'requests',
    'lost',
    'slowest answer, ms',
    '99.9th',
    '× control',
    'new version after',
  ];
  return table(header, rows);
}

function gitTable({ files, commits, rounds, ways }: GitTimes): string {
  const rows = ways.map(({ name, times, bytes }) => [
    name,
    ...[times.median, times.min, times.max].map((value) => value.toFixed(0)),
    bytes.median.toLocaleString('en'),
  ]);
  const title = `1 of ${files} files changed, ${commits} commits, ms over ${rounds} rounds`;
  return table([title, 'median', 'least', 'most', 'bytes'], rows);
}

function trafficTable({ files, traffic }: Times): string {
  const rows = Object.entries({
    deploy: traffic.ours,
    'roll back': traffic.rollback,
    'rsync + link swap': traffic.rsync,
    'two-step mv': traffic.moveTwice,
    ...(traffic.capistrano && { Capistrano: traffic.capistrano }),
  }).map(([name, one]) => [
    name,
    ...[one.sent, one.received, one.connections, one.channels].map((value) => value.toLocaleString('en')),
  ]);
  return table([`1 of ${files} files changed`, 'bytes sent', 'received', 'connections', 'sessions'], rows);
}
