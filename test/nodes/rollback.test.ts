import { readdirSync } from 'node:fs';

import type { IDataObject } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n, type RunResult } from '../support/n8n';
import { checks, credentialFor, hotDeploy, locator, onlyJson, openN8n, rollback } from '../support/nodes';
import { keptNames, liveTree, treeOf } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let versions: string[];

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd));
  versions = await engineVersions(make, 'base', 'v2', 'v4');
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

/** An engine to which the first `count` versions were deployed, and the ids of their releases. */
async function deployed(count: number): Promise<{ basePath: string; releases: string[] }> {
  const basePath = await make('app');
  const releases: string[] = [];
  for (const sourceDirectory of versions.slice(0, count)) {
    const json = onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory }))));
    releases.push(json.release as string);
  }
  return { basePath, releases };
}

async function rollBack(parameters: IDataObject): Promise<RunResult> {
  return n8n.run(chain(rollback(parameters)));
}

test('rolls back to the previous release, and twice returns to what was live', async () => {
  const { basePath, releases } = await deployed(2);
  const [first, second] = releases;
  const result = await rollBack({ basePath });
  const back = onlyJson(result, 'Rollback');
  expect(back).toEqual({
    status: 'rolledBack',
    host: '127.0.0.1',
    basePath,
    release: first,
    previousRelease: second,
    source: { type: 'directory', reference: versions[0], commit: null, digest: expect.any(String) },
    changes: expect.objectContaining({ added: [], removed: [], ignored: [] }),
    dependencies: { status: 'none', environment: null, durationMs: 0 },
    backup: null,
    checks: [expect.objectContaining({ type: 'compile' }), expect.objectContaining({ type: 'json' })],
    swap: expect.objectContaining({ method: 'rename', atomic: true, adopted: false, gapMs: 0 }),
    releasesInUse: [],
    steps: expect.any(Array),
    durationMs: expect.any(Number),
    n8n: { processId: process.pid, startedAt: expect.any(String), restarted: false },
  });
  expect(liveTree(basePath)).toEqual(treeOf(versions[0]));
  expect(result.hints('Rollback')[0].message).toContain(`${first} is live in ${basePath}`);

  const forth = onlyJson(await rollBack({ basePath }), 'Rollback');
  expect(forth).toMatchObject({ status: 'rolledBack', release: second, previousRelease: first });
  expect(liveTree(basePath)).toEqual(treeOf(versions[1]));
});

test.each(['list', 'id'] as const)('rolls back to a release chosen by %s', async (mode) => {
  const { basePath, releases } = await deployed(3);
  const target = { basePath, target: 'release', release: locator(releases[0], mode) };
  expect(onlyJson(await rollBack(target), 'Rollback')).toMatchObject({
    status: 'rolledBack',
    release: releases[0],
    previousRelease: releases[2],
  });
  expect(onlyJson(await rollBack(target), 'Rollback')).toMatchObject({ status: 'unchanged' });
});

test('rolls back to a backup chosen from the list', async () => {
  const { basePath } = await deployed(2);
  const [backup] = keptNames(basePath).backups;
  const json = onlyJson(await rollBack({ basePath, target: 'backup', backup: locator(backup) }), 'Rollback');
  expect(json).toMatchObject({ status: 'rolledBack', source: { type: 'backup', reference: backup } });
  expect(liveTree(basePath)).toEqual(treeOf(versions[0]));
});

test('P3: a rollback whose check does not pass keeps what is live', async () => {
  const { basePath, releases } = await deployed(2);
  const check = { type: 'command', name: 'live test', command: 'false', when: 'after' };
  const error = (await rollBack({ basePath, checks: checks(check) })).error('Rollback');
  expect(error?.message).toContain('Check “live test” did not pass after the switch: exit code 1');
  expect(error?.message).toContain(
    `The switch was taken back: release ${releases[1]} is live in ${basePath} again.`,
  );
  expect(liveTree(basePath)).toEqual(treeOf(versions[1]));
});

describe('a target that cannot be used', () => {
  let engine: Awaited<ReturnType<typeof deployed>>;

  beforeAll(async () => {
    engine = await deployed(1);
  });

  test.each([
    [
      'no release is chosen',
      { target: 'release', release: locator('={{ "" }}', 'id') },
      /^Release is empty\./,
    ],
    ['no backup is chosen', { target: 'backup', backup: locator('={{ "" }}', 'id') }, /^Backup is empty\./],
    [
      'the release is gone',
      { target: 'release', release: locator('20200101-000000-abcdef0', 'id') },
      /is not kept/,
    ],
    ['the release is no id', { target: 'release', release: locator('../x', 'id') }, /is not a release id/],
    [
      'the backup leads elsewhere',
      { target: 'backup', backup: locator('../../etc/x.tar.gz', 'id') },
      /etc\/x/,
    ],
    [
      'the target is unknown',
      { target: '={{ "first" }}', release: locator('a'), backup: locator('b') },
      /^Target is "first"\. Choose one of: previous, release/,
    ],
  ])('says so when %s', async (_title, parameters, message) => {
    const { basePath, releases } = engine;
    expect((await rollBack({ basePath, ...parameters })).error('Rollback')?.message).toMatch(message);
    expect(readdirSync(`${basePath}/releases`)).toEqual(releases);
  });
});

test('Get Many Releases gives one item for each, newest first, paired with the input', async () => {
  const { basePath, releases } = await deployed(3);
  const result = await rollBack({ basePath, operation: 'getAll' });
  const output = result.output('Rollback');
  expect(output.map(({ json }) => json.release)).toEqual([...releases].reverse());
  expect(output.map(({ json }) => json.state)).toEqual(['live', 'previous', 'kept']);
  expect(output[0]).toEqual({
    pairedItem: { item: 0 },
    json: {
      host: '127.0.0.1',
      basePath,
      release: releases[2],
      sequence: 3,
      state: 'live',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      liveSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      source: { type: 'directory', reference: versions[2] },
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      files: expect.any(Number),
      bytes: expect.any(Number),
      processes: 0,
      environment: null,
    },
  });
});

test('Prune Releases keeps the live and the previous one whatever it is told', async () => {
  const { basePath, releases } = await deployed(3);
  const options = { keepReleases: 1, keepBackups: 0 };
  const backups = keptNames(basePath).backups;
  const json = onlyJson(await rollBack({ basePath, operation: 'prune', options }), 'Rollback');
  expect(json).toEqual({
    host: '127.0.0.1',
    basePath,
    removedReleases: [releases[0]],
    keptInUse: [],
    removedBackups: backups,
    removedCounts: { releases: 1, backups: backups.length, environments: 0 },
  });
  expect(keptNames(basePath)).toMatchObject({ releases: releases.slice(1), backups: [] });
});
