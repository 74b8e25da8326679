/** More of everything than a list names: what is listed is cut and counted, and what decides doesn't depend on it. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { MANY } from '../../../nodes/shared/contract/limits';
import { getHistory } from '../../../nodes/shared/operations/getHistory';
import { listReleases } from '../../../nodes/shared/operations/list';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { getStatus } from '../../../nodes/shared/operations/status';
import { returnToPlain } from '../../../nodes/shared/operations/detach';
import {
  bundleOf,
  deployOptions,
  deployTo,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { DETACHING } from '../../support/detachOptions';
import { madeRelease, makeMany, SHARED_ENVIRONMENT } from '../../support/many';

const make = temporaryDirectories();
const SELECTION = { include: ['run.py'], exclude: [] };
const RELEASES = MANY + 50;
/** Nothing is done for each release that takes longer than a moment; far beyond what it takes on a quiet machine. */
const SOON_MS = 20_000;
jest.setTimeout(300_000);

const options = (base: string) => deployOptions(base, { selection: SELECTION });
const kept = (base: string, what: string) => readdirSync(join(base, what));

async function version(number: number): Promise<string> {
  const directory = await make('version');
  writeFileSync(join(directory, 'run.py'), `print("version ${number}")\n`);
  return directory;
}

async function engine(): Promise<string> {
  const base = await make('many');
  writeFileSync(join(base, 'run.py'), 'print("plain")\n');
  return base;
}

const deployed = async (base: string, number: number, changes = {}) =>
  deployTo(base, await version(number), { selection: SELECTION, keepReleases: RELEASES * 2, ...changes });

describe('10,050 releases', () => {
  let base: string;
  const live: string[] = [];

  beforeAll(async () => {
    base = await engine();
    makeMany(base, { releases: RELEASES, backups: MANY + 1 });
  });

  test('and as many backups don’t keep a first deployment from being one', async () => {
    const first = await deployed(base, 1, { keepBackups: MANY * 2 });
    expect(first).toMatchObject({ status: 'deployed', previousRelease: expect.any(String) as string });
    live.push(first.previousRelease ?? '', first.release);
    // The one that was adopted, and the new one.
    expect(kept(base, 'releases')).toHaveLength(RELEASES + 2);
    expect(kept(base, 'environments')).toHaveLength(1);
  });

  test('are counted by the status, soon', async () => {
    const started = performance.now();
    const status = await inConversation((client) => getStatus(client, options(base)));
    const took = performance.now() - started;
    process.stderr.write(`status of ${RELEASES} releases: ${Math.round(took)} ms\n`);
    expect(status).toMatchObject({ state: 'live', release: live[1], previousRelease: live[0] });
    expect(status.kept).toMatchObject({ releases: RELEASES + 2, backups: MANY + 2 });
    expect(took).toBeLessThan(SOON_MS);
  });

  test('are listed as far as a list goes, the newest first, and the rest is counted', async () => {
    const { releases, backups, counts } = await inConversation((client) =>
      listReleases(client, options(base).basePath),
    );
    expect(releases).toHaveLength(MANY);
    expect(releases.slice(0, 3).map(({ release }) => release)).toEqual([
      live[1],
      live[0],
      madeRelease(RELEASES - 1),
    ]);
    expect(releases[5].environment).toMatchObject({ name: SHARED_ENVIRONMENT, ailment: null });
    expect(backups).toHaveLength(MANY);
    expect(counts).toMatchObject({ releases: RELEASES + 2, backups: MANY + 2, environments: 1 });
  });

  test('can be planned on, deployed on and rolled back from, also to one that no list names', async () => {
    const planned = await inConversation(async (client) =>
      planDeployment(client, await bundleOf(await version(2), options(base)), options(base)),
    );
    expect(planned).toMatchObject({ status: 'planned', release: live[1], unchanged: false });
    const next = await deployed(base, 2, { createBackup: false, keepBackups: MANY * 2 });
    expect(next).toMatchObject({ status: 'deployed', previousRelease: live[1] });
    const back = await rollBackTo(base, { target: 'release', release: madeRelease(0) });
    expect(back).toMatchObject({
      status: 'rolledBack',
      release: madeRelease(0),
      previousRelease: next.release,
    });
    const again = await rollBackTo(base, { target: 'previous' });
    expect(again).toMatchObject({ status: 'rolledBack', release: next.release });
    live.push(next.release);
    const history = await inConversation((client) => getHistory(client, options(base).basePath, 10));
    expect(history.map(({ to }) => to).slice(0, 3)).toEqual([next.release, madeRelease(0), next.release]);
  });

  test('are pruned, all that retention doesn’t keep: the oldest first, never the live or the previous one', async () => {
    const { counts, releases } = await inConversation((client) =>
      pruneReleases(client, options(base), { keepReleases: 3, keepBackups: 2 }),
    );
    expect(counts).toEqual({ releases: RELEASES - 1, backups: MANY, environments: 0 });
    expect(releases).toHaveLength(MANY);
    expect(releases.slice(0, 2)).toEqual([madeRelease(1), madeRelease(2)]);
    expect(kept(base, 'releases').sort()).toEqual([madeRelease(0), ...live].sort());
    expect(kept(base, 'backups')).toHaveLength(2);
    expect(kept(base, 'environments')).toEqual([SHARED_ENVIRONMENT]);
  });
});

test('10,050 releases are removed by a return to a plain directory, which names the first and counts all', async () => {
  const base = await engine();
  makeMany(base, { releases: RELEASES });
  await deployed(base, 1);
  const { status, removed } = await inConversation((client) =>
    returnToPlain(client, {
      ...options(base),
      ...DETACHING,
    }),
  );
  expect(status).toBe('detached');
  expect(removed.releases).toHaveLength(MANY);
  expect(removed.counts).toEqual({ releases: RELEASES + 2, environments: 1, backups: 0 });
});

test('10,001 environments are listed as far as a list goes, and counted', async () => {
  const base = await engine();
  await deployed(base, 1);
  makeMany(base, { releases: 1, environments: MANY + 1 });
  const { environments, counts } = await inConversation((client) =>
    client.call('list', { basePath: options(base).basePath, packages: true }),
  );
  expect(environments).toHaveLength(MANY);
  expect(environments[0].environment).toBe(SHARED_ENVIRONMENT);
  expect(counts.environments).toBe(MANY + 2);
  const { kept } = await inConversation((client) => getStatus(client, options(base)));
  expect(kept.releases).toBe(3);
});
