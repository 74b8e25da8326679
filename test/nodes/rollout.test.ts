/** A release that is watched, in n8n's own engine: waiting for it, what comes out, and runs that the Run node judges. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { temporaryDirectories } from '../support/deployment';
import { liveRelease } from '../support/engineStatus';
import { counted, extract, guardsOf, watchedVersions, writtenRollout } from '../support/guards';
import { chain, type N8n } from '../support/n8n';
import { credentialFor, hotDeploy, onlyJson, openN8n, runEngine } from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';
import { until } from '../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = watchedVersions(make);
let sshd: Sshd;
let n8n: N8n;
let basePath: string;

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd));
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

beforeEach(async () => {
  basePath = join(await make(), 'app');
  await deployVersion('print(1)');
});

async function deployVersion(does: string, options: IDataObject = {}) {
  const sourceDirectory = await version(does);
  const node = hotDeploy({ basePath, sourceDirectory, options }, { onError: 'continueErrorOutput' });
  return n8n.run(chain(node));
}

const WATCHED = { rollout: 'watch', watchMinutes: 0.1, minimumRuns: 2 };

/** Runs, once somebody watches. */
async function extractWhenWatched(...names: string[]): Promise<void> {
  await until(() => existsSync(join(basePath, '.hot-deploy/guard.sock')), 20_000);
  names.forEach((name) => extract(basePath, name));
}

test('the execution waits until the release is confirmed, and says by how many runs', async () => {
  const [ran] = await Promise.all([deployVersion('print(2)', WATCHED), extractWhenWatched('a', 'b')]);
  expect(onlyJson(ran)).toMatchObject({
    status: 'promoted',
    release: liveRelease(basePath),
    rollout: { state: 'promoted', decidedBy: 'guard', runs: { release: { runs: 2, failed: 0 } } },
  });
  expect(
    ran
      .hints('Hot Deploy')
      .map(({ message }) => message)
      .join('\n'),
  ).toContain('is confirmed. None of 2 runs');
});

test('a release that was taken back comes out of the error output, with what is live now', async () => {
  const before = liveRelease(basePath);
  const [ran] = await Promise.all([deployVersion('sys.exit(1)', WATCHED), extractWhenWatched('a', 'b', 'c')]);
  const [failed] = ran.output('Hot Deploy', 1);
  expect(failed?.json).toMatchObject({
    status: 'failed',
    details: { code: 'ROLLOUT', live: before, reverted: true, rollout: { state: 'aborted' } },
  });
  expect(String(failed?.json.error)).toContain('was taken back');
  expect(liveRelease(basePath)).toBe(before);
});

test('without waiting it goes on at once, and Get Rollout and Abort Rollout are steps of their own', async () => {
  const before = liveRelease(basePath);
  const watching = onlyJson(
    await deployVersion('print(2)', { ...WATCHED, watchMinutes: 30, waitForRollout: false }),
  );
  expect(watching).toMatchObject({ status: 'watching', rollout: { state: 'watching', survivesN8n: true } });
  const asked = await n8n.run(
    chain(hotDeploy({ operation: 'getRollout', basePath, options: { report: true } })),
  );
  const { report } = asked.output('Hot Deploy')[0]?.binary ?? {};
  expect(report?.fileName).toBe(`hot-deploy-rollout-${liveRelease(basePath)}.html`);
  expect(onlyJson(asked)).toMatchObject({
    status: 'watching',
    rollout: { id: (watching.rollout as IDataObject).id },
  });
  const aborted = await n8n.run(chain(hotDeploy({ operation: 'abort', basePath })));
  expect(onlyJson(aborted)).toMatchObject({ status: 'aborted', rollout: { decidedBy: 'person' } });
  expect(liveRelease(basePath)).toBe(before);
  const again = await n8n.run(chain(hotDeploy({ operation: 'promote', basePath })));
  expect(again.error()?.message).toContain('No release is being watched here.');
});

test('who waits for a release, and another one is watched by then, is not told of that one’s', async () => {
  const another = async () => {
    await until(() => existsSync(join(basePath, '.hot-deploy/guard.sock')), 20_000);
    return onlyJson(await deployVersion('print(3)', { ...WATCHED, watchMinutes: 30, waitForRollout: false }));
  };
  const [waited, next] = await Promise.all([
    deployVersion('print(2)', { ...WATCHED, watchMinutes: 30 }),
    another(),
  ]);
  const { release, rollout } = onlyJson(waited);
  expect(release).not.toBe(next.release);
  expect(rollout).toMatchObject({ state: 'superseded', release });
});

test('a plan that was approved may be watched: when it is good for certain is no part of it', async () => {
  const sourceDirectory = await version('print(2)');
  const planned = await n8n.run(chain(hotDeploy({ operation: 'plan', basePath, sourceDirectory })));
  const { planDigest } = onlyJson(planned);
  const options = { ...WATCHED, watchMinutes: 30, waitForRollout: false, planDigest };
  const deployed = await n8n.run(chain(hotDeploy({ basePath, sourceDirectory, options })));
  expect(onlyJson(deployed)).toMatchObject({ status: 'watching' });
});

test.each([
  ['logs/engine.log', 'Line 1 of Watch Logs is "logs/engine.log". Give a log and the text to look for'],
  ['a = b\n = c', 'Line 2 of Watch Logs is "= c".'],
])('Watch Logs that can’t be read are refused before anything is done: %j', async (watchLogs, message) => {
  const before = liveRelease(basePath);
  const ran = await deployVersion('print(2)', { ...WATCHED, watchLogs });
  expect(String(ran.output('Hot Deploy', 1)[0]?.json.error)).toContain(message);
  expect(liveRelease(basePath)).toBe(before);
});

test('a run that ends well and breaks the rule of Run Extraction is a failed one, and the same input again no other', async () => {
  await deployVersion('print("nothing found")', { ...WATCHED, watchMinutes: 30, waitForRollout: false });
  const run = (words: string[], successRule: string) =>
    n8n.run(
      chain(
        runEngine(
          { basePath, arguments: words, output: 'text', options: { successRule } },
          { onError: 'continueRegularOutput' },
        ),
      ),
    );
  await run(['a'], '$ contains "evidence"');
  await run(['a'], '$ contains "evidence"');
  await run(['b'], '$ contains "nothing"');
  expect((await counted(basePath, 2)).candidate).toEqual({ runs: 2, failed: 1 });
  expect(writtenRollout(basePath).state).toBe('watching');
  expect(guardsOf(basePath)).toHaveLength(1);
});
