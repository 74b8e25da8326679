import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { Capistrano } from './capistrano';
import { Source } from './fixtures';
import { type Host, runHere, type Traffic } from './host';
import { LinkSwap } from './linkSwap';
import { MoveTwice } from './moveTwice';
import { Ours } from './ours';
import { type Spread, spread } from './statistics';

const WARM_UP = 2;

/** What was measured with trees of one size. Times in milliseconds, from connecting to having left. */
export interface Times {
  files: number;
  rounds: number;
  /** Bytes of content in the tree. */
  treeBytes: number;
  ours: Spread;
  oursWithBackup: Spread;
  rollback: Spread;
  moveTwice: Spread;
  rsync: Spread;
  /** Where it is installed. */
  capistrano?: Spread;
  /** Median over the rounds of ours without a backup against rsync in the same round. */
  oursToRsync: number;
  /** Of the deployment with backup that came last: what its steps took. */
  steps: Array<{ name: string; durationMs: number }>;
  traffic: { ours: Traffic; rollback: Traffic; moveTwice: Traffic; rsync: Traffic; capistrano?: Traffic };
  roundTrips: { deploy: number; rollback: number };
}

/** The ways side by side, each with a base path that already serves a version. */
export interface Ways {
  source: Source;
  ours: Ours;
  oursWithBackup: Ours;
  moveTwice: MoveTwice;
  linkSwap: LinkSwap;
  capistrano?: Capistrano;
}

/** Prepares every way, with enough deployments for each to have something to go back to. */
export async function prepareWays(host: Host, directory: string, files: number): Promise<Ways> {
  const root = await mkdtemp(join(directory, `files-${files}-`));
  const source = await Source.create(join(root, 'source'), files);
  const place = async (name: string) => {
    const basePath = join(root, name, 'app');
    await mkdir(basePath, { recursive: true });
    return basePath;
  };
  const ways: Ways = {
    source,
    ours: new Ours('hot deploy', host, await place('ours'), source.directory, false),
    oursWithBackup: new Ours('hot deploy with backup', host, await place('backup'), source.directory, true),
    moveTwice: new MoveTwice(host, await place('move'), source.directory),
    linkSwap: new LinkSwap(host, await place('link'), source.directory),
    capistrano: await Capistrano.prepare(host, await place('cap'), source.directory, join(root, 'project')),
  };
  await runHere('cp', ['-a', `${source.directory}/.`, ways.moveTwice.basePath]);
  await ways.linkSwap.prepare();
  for (let round = 0; round < WARM_UP; round++) {
    await source.changeOne(-1 - round);
    for (const way of [ways.ours, ways.oursWithBackup, ways.linkSwap, ways.capistrano]) await way?.deploy();
  }
  return ways;
}

/**
 * Measures round by round, so that a busy machine slows all ways alike. Only the two-step mv comes after the others: for
 * a minute after files were removed, as it does, ext4 is many times as slow in making new ones.
 */
export async function measureTimes(
  host: Host,
  directory: string,
  files: number,
  rounds: number,
): Promise<Times> {
  const ways = await prepareWays(host, directory, files);
  const measured = {
    ours: [] as number[],
    oursWithBackup: [] as number[],
    rollback: [] as number[],
    moveTwice: [] as number[],
    rsync: [] as number[],
    capistrano: [] as number[],
  };
  for (let round = 1; round <= rounds; round++) {
    await ways.source.changeOne(round);
    measured.rsync.push(await ways.linkSwap.deploy());
    measured.ours.push(await ways.ours.deploy());
    measured.oursWithBackup.push(await ways.oursWithBackup.deploy());
    measured.rollback.push(await ways.ours.rollBack());
    if (ways.capistrano) measured.capistrano.push(await ways.capistrano.deploy());
  }
  const steps = ways.oursWithBackup.result?.steps ?? [];
  await ways.source.changeOne(0);
  const rsync = await host.counted(() => ways.linkSwap.deploy());
  const { capistrano } = ways;
  const traffic = capistrano && { capistrano: await host.counted(() => capistrano.deploy()) };
  const ours = await host.counted(() => ways.ours.deploy());
  const deploy = ways.ours.stats.roundTrips;
  const rollback = await host.counted(() => ways.ours.rollBack());
  const roundTrips = { deploy, rollback: ways.ours.stats.roundTrips };
  for (let round = 1; round <= rounds; round++) measured.moveTwice.push(await ways.moveTwice.deploy());
  const moveTwice = await host.counted(() => ways.moveTwice.deploy());
  return {
    files,
    rounds,
    treeBytes: ways.source.bytes,
    ours: spread(measured.ours),
    oursWithBackup: spread(measured.oursWithBackup),
    rollback: spread(measured.rollback),
    moveTwice: spread(measured.moveTwice),
    rsync: spread(measured.rsync),
    ...(capistrano && { capistrano: spread(measured.capistrano) }),
    oursToRsync: spread(measured.ours.map((ms, round) => ms / measured.rsync[round])).median,
    steps,
    traffic: { ours, rollback, moveTwice, rsync, ...traffic },
    roundTrips,
  };
}
