import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { listReleases } from '../../../nodes/shared/operations/list';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import type { ReleaseId } from '../../../nodes/shared/contract/names';
import { pruning } from '../../../nodes/shared/release/decide/prune';
import { getStatus } from '../../../nodes/shared/operations/status';
import {
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { makePdf, versionsIn } from '../../support/engine';
import { startExtraction } from '../../support/extractions';
import { asBasePath, asEntrypoint, asReleaseId } from '../../support/named';

const make = temporaryDirectories();
let v1: string, v2: string, v4: string, pdf: string;

beforeAll(async () => {
  [v1, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
  pdf = join(await make('pdf'), 'contract.pdf');
  await writeFile(pdf, makePdf([['The contractor shall deliver.']]));
});

const status = (base: string) =>
  inConversation((client) =>
    getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
  );
const prune = (base: string, keepReleases: number, keepBackups = 10) =>
  inConversation((client) => pruneReleases(client, deployOptions(base), { keepReleases, keepBackups }));
const kept = (base: string) => readdirSync(join(base, 'releases'));

/** An extraction that has started and pauses before its second stage. */
async function paused(base: string, seconds: number): Promise<ChildProcess> {
  const child = startExtraction(base, pdf, seconds);
  if (child.stderr) await once(child.stderr, 'data');
  return child;
}

test('P4: a release in use survives retention and pruning, and goes once nobody runs it', async () => {
  const base = await make();
  const { release } = await deployTo(base, v1);
  const child = await paused(base, 0.1);
  child.kill('SIGSTOP');
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close');

  for (const source of [v2, v4, v2]) await deployTo(base, source, { keepReleases: 1 });
  const forced = await inConversation(async (client) => {
    await client.call('lock', { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 0 });
    return client.call('remove', { releases: [release] });
  });
  expect(forced).toMatchObject({ releases: [], inUse: [release] });
  expect((await prune(base, 1)).releases).toEqual([]);
  expect(kept(base)).toContain(release);
  expect((await status(base)).releasesInUse).toEqual([{ release, processes: 1 }]);

  child.kill('SIGCONT');
  expect(await ended).toEqual([0, null]);
  expect(versionsIn(output)).toEqual(['1']);
  expect((await prune(base, 1)).releases).toEqual([release]);
  expect(existsSync(join(base, 'releases', release))).toBe(false);
  expect((await status(base)).releasesInUse).toEqual([]);
});

test('P4: every running extraction counts', async () => {
  const base = await make();
  const { release } = await deployTo(base, v1);
  const children = [await paused(base, 30), await paused(base, 30), await paused(base, 30)];
  const { releasesInUse } = await deployTo(base, v2);
  expect(releasesInUse).toEqual([{ release, processes: 3 }]);
  const { releases } = await inConversation((client) => listReleases(client, asBasePath(base)));
  expect(releases.map(({ processes }) => processes)).toEqual([0, 3]);
  for (const child of children) {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }
  expect((await status(base)).releasesInUse).toEqual([]);
});

test('the live and the previous release are kept whatever retention says, and the newest besides', async () => {
  const base = await make();
  const made = [];
  for (const source of [v1, v2, v4, v1]) made.push((await deployTo(base, source)).release);
  await rollBackTo(base, { target: 'release', release: made[0] });
  expect([...(await prune(base, 1)).releases].sort()).toEqual([made[1], made[2]].sort());
  expect(kept(base).sort()).toEqual([made[0], made[3]].sort());
});

test('only the newest backups are kept', async () => {
  const base = await make();
  const backups = [];
  for (const source of [v1, v2, v4, v1]) {
    backups.push((await deployTo(base, source, { keepBackups: 2 })).backup);
  }
  expect(readdirSync(join(base, 'backups')).sort()).toEqual(backups.slice(2).sort());
  expect([...(await prune(base, 10, 0)).backups].sort()).toEqual(backups.slice(2).sort());
});

test('releases are ordered by their sequence and by nothing else', () => {
  const release = (name: string, newer: number): [ReleaseId, number, null] => [
    asReleaseId(name),
    newer,
    null,
  ];
  const releases = [release('z', 3), release('m', 2), release('b', 1)];
  const [found] = pruning(
    { releases, backups: [], environments: [] },
    { keepReleases: 2, keepBackups: 0 },
    { current: asReleaseId('a'), previous: null },
  );
  expect(found.releases).toEqual(['z', 'm']);
});

test('a deployment that is live stays so when something can’t be removed afterwards', async () => {
  const base = await make();
  const { release: oldest } = await deployTo(base, v1);
  for (const source of [v2, v4]) await deployTo(base, source);
  // A directory in the place of a release's record can't be unlinked.
  rmSync(join(base, '.hot-deploy/releases', `${oldest}.manifest.json`));
  mkdirSync(join(base, '.hot-deploy/releases', `${oldest}.manifest.json`));
  const { status: outcome, complaint } = await deployTo(base, v1, { keepReleases: 1 });
  expect(outcome).toBe('deployed');
  expect(complaint).toMatch(/manifest.json/);
});
