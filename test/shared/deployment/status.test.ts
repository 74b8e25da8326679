import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { planDeployment, type PlanResult } from '../../../nodes/shared/operations/plan';
import { listReleases } from '../../../nodes/shared/operations/list';
import { type EngineStatus, getStatus } from '../../../nodes/shared/operations/status';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asEntrypoint } from '../../support/named';

const make = temporaryDirectories();
let v1: string, v2: string, v4: string;

beforeAll(async () => {
  [v1, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
});

const status = (base: string): Promise<EngineStatus> =>
  inConversation((client) =>
    getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
  );

const plan = (base: string, source: string, changes = {}): Promise<PlanResult> =>
  inConversation(async (client: ExecutorClient) => {
    const options = deployOptions(base, changes);
    return planDeployment(client, await bundleOf(source, options), options);
  });

describe('Get Status', () => {
  test('tells an engine that is live from plain files, an empty directory and none', async () => {
    const [plain] = await engineVersions(make, 'base');
    const empty = await make();
    expect(await status(plain)).toMatchObject({ state: 'plain', release: null, liveSince: null });
    expect(await status(empty)).toMatchObject({ state: 'empty', release: null, writable: true });
    expect(await status(join(empty, 'missing'))).toMatchObject({ state: 'empty', release: null });
    const { release } = await deployTo(empty, v1);
    expect(await status(empty)).toMatchObject({ state: 'live', release, previousRelease: null });
  });

  test('tells since when the live release is live, and what was before', async () => {
    const base = await make();
    const first = await deployTo(base, v1);
    const second = await deployTo(base, v2);
    const { liveSince, previousRelease, source } = await status(base);
    expect(Math.abs(Date.now() - Date.parse(liveSince ?? ''))).toBeLessThan(30_000);
    expect(previousRelease).toBe(first.release);
    expect(source).toMatchObject({ type: 'directory', reference: v2, digest: second.source.digest });
  });

  test('names the files that were changed by hand since', async () => {
    const base = await make();
    await deployTo(base, v1);
    expect((await status(base)).drift).toEqual({ modified: [], missing: [], added: [] });
    const live = join(base, 'current');
    appendFileSync(join(live, 'src/matcher.py'), '#\n');
    rmSync(join(live, 'src/reader.py'));
    writeFileSync(join(live, 'src/added.py'), '');
    writeFileSync(join(live, 'src/__pycache__/added.cpython-311.pyc'), '');
    rmSync(join(base, 'requirements.txt'));
    expect((await status(base)).drift).toEqual({
      modified: ['src/matcher.py'],
      missing: ['requirements.txt', 'src/reader.py'],
      added: ['src/added.py'],
    });
  });

  test('tells who is at work, changes nothing and needs no lock', async () => {
    const base = await make();
    await deployTo(base, v1);
    const holder = { workflow: 'Nightly', execution: '7', operation: 'deploy' };
    await inConversation(async (client) => {
      await client.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
      const before = statusOf(base);
      expect((await status(base)).lockedBy).toMatchObject({ ...holder, processId: client.hello.processId });
      expect(statusOf(base)).toEqual(before);
    });
    const before = statusOf(base);
    expect((await status(base)).lockedBy).toBeNull();
    expect(statusOf(base)).toEqual(before);
  });

  test('tells what became of the last attempt, until one goes live', async () => {
    const base = await make();
    const { release } = await deployTo(base, v1);
    const failing = (when: 'before' | 'after') => checkOf({ when, command: 'false' });
    const undone = async () => (await status(base)).lastUndone;
    expect(await undone()).toBeNull();

    const before = await thrownBy(deployTo(base, v2, { checks: [failing('before')] }));
    expect(await undone()).toMatchObject({
      release: before.details.attempted,
      reason: 'check test check did not pass',
      at: expect.stringMatching(/^\d{4}-/),
    });
    const after = await thrownBy(deployTo(base, v2, { checks: [failing('after')] }));
    expect(after.details.live).toBe(release);
    expect(await undone()).toMatchObject({
      release: after.details.attempted,
      reason: 'check test check did not pass',
    });
    const controller = new AbortController();
    await thrownBy(
      deployTo(
        base,
        v4,
        { onStep: ({ step }) => step === 'check before the switch' && controller.abort() },
        { signal: controller.signal },
      ),
    );
    expect(await undone()).toMatchObject({ reason: 'the connection ended' });
    await thrownBy(rollBackTo(base, { target: 'previous' }));
    expect(await undone()).toMatchObject({ release: null });

    await deployTo(base, v2);
    expect(await undone()).toBeNull();
  });

  test('counts what is kept', async () => {
    const base = await make();
    for (const source of [v1, v2, v4]) await deployTo(base, source);
    const { kept, space, python } = await status(base);
    expect(kept).toMatchObject({ releases: 3, backups: 2 });
    expect(kept.bytes).toBeGreaterThan(10_000);
    expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
    expect(python.version).toMatch(/^3\.\d+/);
  });

  test('lists releases newest first, with what each is', async () => {
    const base = await make();
    const made = [];
    for (const source of [v1, v2, v4]) made.push((await deployTo(base, source)).release);
    await rollBackTo(base, { target: 'release', release: made[0] });
    const { releases, backups } = await inConversation((client) => listReleases(client, asBasePath(base)));
    expect(releases.map(({ release, state }) => [release, state])).toEqual([
      [made[2], 'previous'],
      [made[1], 'kept'],
      [made[0], 'live'],
    ]);
    expect(releases.map(({ liveSince }) => liveSince !== null)).toEqual([false, false, true]);
    expect(backups).toHaveLength(2);
  });

  test('a base path that can’t be one is refused', async () => {
    for (const basePath of ['app', '/', '//', '', '/a\0b']) {
      expect((await thrownBy(status(basePath))).code).toBe('INPUT');
    }
  });

  test('something else in the place of “current” is named, and nothing is done to it', async () => {
    const base = await make();
    writeFileSync(join(base, 'current'), 'mine');
    const error = await thrownBy(deployTo(base, v1));
    expect(error.message).toContain(`${base}/current exists and is not a link that was made here`);
  });
});

describe('Plan Deployment', () => {
  test('tells what a deployment would change, changes nothing, and is right', async () => {
    const base = await make();
    await deployTo(base, v1);
    const before = statusOf(base);
    const planned = await plan(base, v4);
    expect(statusOf(base)).toEqual(before);
    expect(planned).toMatchObject({ status: 'planned', unchanged: false, adopt: [], lockedBy: null });
    const done = await deployTo(base, v4);
    expect(planned.changes).toEqual(done.changes);
    expect(planned.changes.added).toEqual(['src/summary.py']);
    expect(planned.source.digest).toBe(done.source.digest);
    expect(await plan(base, v4)).toMatchObject({ unchanged: true, bytesToSend: 0 });
  });

  test('says which plain names would be adopted, and leaves an empty or missing base path alone', async () => {
    const [plain] = await engineVersions(make, 'base');
    const before = statusOf(plain);
    const { adopt, changes, source } = await plan(plain, v2);
    expect(adopt).toEqual(['config', 'requirements.txt', 'run.py', 'src']);
    expect(statusOf(plain)).toEqual(before);
    const empty = await make();
    const missing = await plan(join(empty, 'missing'), v2);
    expect(missing).toMatchObject({ adopt: [], source });
    expect(changes.counts.added).toBe(0);
    expect(missing.changes.counts.added).toBeGreaterThan(changes.counts.modified);
    expect(Object.keys(statusOf(empty))).toEqual(['.']);
  });

  test('names the edits by hand that a deployment would take away, and the checks it would run', async () => {
    const base = await make();
    await deployTo(base, v1);
    appendFileSync(join(base, 'current/src/matcher.py'), '#\n');
    const planned = await plan(base, v1);
    expect(planned).toMatchObject({ unchanged: false, drift: { modified: ['src/matcher.py'] } });
    expect(planned.changes.modified).toEqual(['src/matcher.py']);
    expect(planned.checks.map(({ type }) => type)).toEqual(['compile', 'json']);
  });
});
