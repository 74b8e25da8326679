/** Tables of recorded results of `npm run bench`: the files in docs/explanation/measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { markdownTable } from './markdown';

const RECORDED = join(__dirname, '../../docs/explanation/measured');

/** What of a result the tables show: the shape of `Results` in bench, of which an older file has only a part. */
export interface Recorded {
  startedAt: string;
  times: RecordedTimes[];
  extractions?: { saw: Array<{ name: string; done: number; bad: number }> };
  memory?: { sourceMiB: number; archiveMiB: number; directoryMiB: number };
  git?: { ways: Array<{ name: string; times: Median; bytes: Median }> };
  services?: RecordedService[];
  connections?: Array<{ subject: string; delayMs: number; ways: Array<{ name: string; times: Median }> }>;
}

interface RecordedService {
  server: string;
  ways: Array<{
    name: string;
    requests: number;
    lost: number;
    slowestMs: number;
    percentileMs: number;
    firstAnswerMs?: Median;
    toControl?: number;
  }>;
}

interface Median {
  median: number;
}

type Way = 'ours' | 'rsync' | 'moveTwice' | 'capistrano';

interface RecordedTimes extends Record<Exclude<Way, 'capistrano'>, Median> {
  files: number;
  rollback: Median;
  oursWithBackup?: Median;
  capistrano?: Median;
  traffic: Partial<Record<Way, { sent?: number; channels?: number }>>;
  roundTrips?: { deploy: number; rollback: number };
}

const WAYS: readonly Way[] = ['ours', 'rsync', 'moveTwice', 'capistrano'];

/** A recorded result, by the name of its file. */
export function readRecorded(name: string): Recorded {
  return JSON.parse(readFileSync(join(RECORDED, `${name}.json`), 'utf8')) as Recorded;
}

/** One table of one result: `deployments`, `extractions`, `git`, `services` or `connections`. */
export function measurementTable(kind: string, name: string): string {
  const recorded = readRecorded(name);
  if (kind === 'deployments') return deployments(recorded);
  if (kind === 'extractions') return extractions(recorded);
  if (kind === 'git') return git(recorded);
  if (kind === 'services') return services(recorded);
  if (kind === 'connections') return connections(recorded);
  throw new RangeError(`There is no table of measured ${kind}`);
}

function deployments({ times }: Recorded): string {
  const header = ['', 'Hot Deploy', '`rsync --link-dest`, link swap', 'two-step `mv`', 'Capistrano'];
  return markdownTable(header, times.flatMap(rowsOf));
}

function rowsOf(times: RecordedTimes): string[][] {
  const { files, traffic, roundTrips, oursWithBackup } = times;
  const size = `${number(files)} files`;
  const [, ...others] = WAYS.map((way) => (times[way] ? ms(times[way]) : ''));
  const rows = [[`deploy, ${size}`, against(times.ours, times.rsync), ...others]];
  if (oursWithBackup) {
    rows.push([`deploy with a backup, ${size}`, against(oursWithBackup, times.rsync), '', '', '']);
  }
  rows.push([`roll back, ${size}`, ms(times.rollback), '', '', '']);
  if (traffic.ours?.sent) {
    rows.push([
      `bytes sent, ${size}`,
      ...WAYS.map((way) => (traffic[way]?.sent ? `${number(Math.round(traffic[way].sent / 1000))} KB` : '')),
    ]);
  }
  if (traffic.ours?.channels) {
    rows.push([`SSH sessions, ${size}`, ...WAYS.map((way) => `${traffic[way]?.channels ?? ''}`)]);
  }
  if (roundTrips) {
    const { deploy, rollback } = roundTrips;
    rows.push([`round trips, ${size}`, `${deploy}; rolling back ${rollback}`, '', '', '']);
  }
  return rows;
}

function extractions({ extractions: measured }: Recorded): string {
  const rows = (measured?.saw ?? []).map(({ name, done, bad }) => [name, `${bad} of ${number(done)}`]);
  return markdownTable(['Switched by', 'Failed or mixed extractions'], rows);
}

function git({ git: measured }: Recorded): string {
  const rows = (measured?.ways ?? []).map(({ name, times, bytes }) => [
    name,
    ms(times),
    number(bytes.median),
  ]);
  return markdownTable(['Way', 'Time', 'Bytes received'], rows);
}

function services({ services: measured = [] }: Recorded): string {
  const rows = measured.flatMap(({ server, ways }) =>
    ways.map(({ name, requests, lost, slowestMs, percentileMs, firstAnswerMs, toControl }) => [
      `${server}, ${name}`,
      `${number(lost)} of ${number(requests)}`,
      ms({ median: percentileMs }),
      toControl?.toFixed(2) ?? '',
      ms({ median: slowestMs }),
      firstAnswerMs ? ms(firstAnswerMs) : '',
    ]),
  );
  const header = [
    'Switched by',
    'Requests lost',
    '99.9th percentile',
    '× control',
    'slowest answer',
    'new version after',
  ];
  return markdownTable(header, rows);
}

function connections({ connections: measured = [] }: Recorded): string {
  const headers = measured.map(({ subject, delayMs }) => `${subject}, ${2 * delayMs} ms away`);
  const names = new Set(measured.flatMap(({ ways }) => ways.map(({ name }) => name)));
  const rows = [...names].map((name) => [
    name,
    ...measured.map(({ ways }) =>
      ways
        .filter((way) => way.name === name)
        .map(({ times }) => ms(times))
        .join(''),
    ),
  ]);
  return markdownTable(['', ...headers], rows);
}

function against(ours: Median, rsync: Median): string {
  return `${ms(ours)} (${(ours.median / rsync.median).toFixed(2)} × rsync)`;
}

function ms({ median }: Median): string {
  return `${number(Math.round(median))} ms`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
