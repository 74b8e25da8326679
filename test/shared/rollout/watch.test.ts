/** A release that is watched after its switch, by a real guard, with real launchers and nobody connected. */
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { endRollout } from '../../../nodes/shared/operations/endRollout';
import { getHistory } from '../../../nodes/shared/operations/getHistory';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { getStatus } from '../../../nodes/shared/operations/status';
import type { WatchPolicy } from '../../../nodes/shared/rollout/watchPolicy';
import {
  checkOf,
  deployOptions,
  deployTo,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import {
  counted,
  countsOf,
  endedRollout,
  extract,
  guardsOf,
  rolloutOf,
  WATCH,
  watchedVersions,
  writtenRollout,
} from '../../support/guards';
import { detachAt } from '../../support/detaching';
import { asBasePath } from '../../support/named';
import { until } from '../../support/until';

const make = temporaryDirectories();

const version = watchedVersions(make);

async function watched(next: string, policy: Partial<WatchPolicy> = {}, checks = [checkOf({})]) {
  const base = await make();
  const first = await deployTo(base, await version('print("good")'));
  const second = await deployTo(base, await version(next), { watch: { ...WATCH, ...policy }, checks });
  return { base, first: first.release, second: second.release, result: second };
}

test('P11: a release whose runs fail is taken back by itself, with nobody connected', async () => {
  const { base, first, second, result } = await watched('sys.exit(3)');
  expect(result).toMatchObject({
    status: 'watching',
    rollout: { state: 'watching', release: second, fallback: first, overdue: false, decidedBy: null },
  });
  for (const name of ['a', 'b', 'c']) expect(extract(base, name)).toBe(3);
  const rollout = await endedRollout(base);
  expect(rollout).toMatchObject({
    state: 'aborted',
    decidedBy: 'guard',
    runs: { release: { runs: 3, failed: 3 } },
  });
  expect(rollout.summary).toBe(
    `Release ${second} was taken back; ${first} is live again. 3 of 3 runs of the candidate failed; with no other runs to compare with, 3 failures and 50 % are the limit.`,
  );
  expect(extract(base, 'a')).toBe(0);
  await until(() => guardsOf(base).length === 0);
  expect(existsSync(join(base, '.hot-deploy/guard.sock'))).toBe(false);
  const [last] = await inConversation((client) => getHistory(client, asBasePath(base), 1));
  expect(last).toMatchObject({ operation: 'watch', from: second, to: first, end: 'kept' });
});

test('a release that begins to fail late is taken back, however many runs went well before', async () => {
  const { base } = await watched('sys.exit(os.path.exists("bad"))');
  for (let run = 0; run < 15; run++) expect(extract(base, `good${run}`)).toBe(0);
  await counted(base, 15);
  writeFileSync(join(base, 'bad'), '');
  // Of all runs that is less than half: of the last ones it is not.
  for (let run = 0; writtenRollout(base).state === 'watching' && run < 12; run++) extract(base, `bad${run}`);
  expect(await endedRollout(base)).toMatchObject({ state: 'aborted' });
});

test('one document that fails again and again is one vote', async () => {
  const { base } = await watched('sys.exit(4)', { minimumRuns: 1 });
  for (let run = 0; run < 6; run++) expect(extract(base, 'poison')).toBe(4);
  const { candidate, state } = await counted(base, 1);
  expect({ candidate, state }).toEqual({ candidate: { runs: 1, failed: 1 }, state: 'watching' });
});

test('a release that does well is confirmed once when its time is over, and nothing is left of the watch', async () => {
  const { base, second } = await watched('print("well")', { watchSeconds: 3 });
  for (const name of ['a', 'b', 'c']) expect(extract(base, name)).toBe(0);
  const rollout = await endedRollout(base);
  expect(rollout).toMatchObject({
    state: 'promoted',
    decidedBy: 'guard',
    runs: { release: { runs: 3, failed: 0 }, unknown: 0 },
  });
  expect(rollout.summary).toMatch(
    /^Release .* is confirmed\. None of 3 runs .* rule out a failure rate above /,
  );
  await until(() => guardsOf(base).length === 0);
  const state = readdirSync(join(base, '.hot-deploy'));
  expect(state.filter((name) => name.includes('guard') || name.startsWith('.'))).toEqual([]);
  const status = await inConversation((client) => getStatus(client, deployOptions(base)));
  expect(status).toMatchObject({ release: second, rollout: { state: 'promoted' }, lockedBy: null });
});

test('with fewer runs than the minimum it stays live and is never called good', async () => {
  const { base } = await watched('print("well")', { watchSeconds: 2 });
  extract(base, 'only');
  const rollout = await endedRollout(base);
  expect(rollout).toMatchObject({ state: 'inconclusive', runs: { release: { runs: 1, failed: 0 } } });
  expect(rollout.summary).toContain('a verdict takes 3 runs of it at least');
});

test('two rounds in a row of a check that does not pass take it back, and one that hangs does not pass', async () => {
  const hangs = checkOf({
    name: 'answers',
    when: 'after',
    command: `python -c "import os, time; time.sleep(60 if os.path.exists('../../hangs') else 0)"`,
    timeoutSeconds: 1,
  });
  const { base, first } = await watched('print("well")', { checkSeconds: 1 }, [hangs]);
  writeFileSync(join(base, 'hangs'), '');
  const rollout = await endedRollout(base);
  expect(rollout).toMatchObject({ state: 'aborted', fallback: first });
  expect(rollout.summary).toContain('Check “answers” did not pass twice in a row');
});

test.each([
  ['promote', 'promoted', 'second'],
  ['abort', 'aborted', 'first'],
] as const)('a person may %s it at any time', async (decision, state, live) => {
  const { base, ...releases } = await watched('print("well")');
  const ended = await inConversation((client) => endRollout(client, decision, deployOptions(base)));
  expect(ended).toMatchObject({ status: state, rollout: { decidedBy: 'person' } });
  const status = await inConversation((client) => getStatus(client, deployOptions(base)));
  expect(status.release).toBe(releases[live]);
  await until(() => guardsOf(base).length === 0);
  await expect(
    inConversation((client) => endRollout(client, decision, deployOptions(base))),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'No release is being watched here.' });
});

test('another deployment ends the watch, and goes back to what was confirmed before both', async () => {
  const { base, first, second } = await watched('print("well")');
  const third = await deployTo(base, await version('print("better")'), {
    watch: WATCH,
    keepReleases: 1,
  });
  expect(third.rollout).toMatchObject({ state: 'watching', release: third.release, fallback: first });
  expect(guardsOf(base)).toHaveLength(1);
  await inConversation((client) =>
    pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 0 }),
  );
  expect(existsSync(join(base, 'releases', first))).toBe(true);
  const { rollout } = await inConversation((client) => endRollout(client, 'abort', deployOptions(base)));
  expect(rollout).toMatchObject({ release: third.release, fallback: first });
  expect(second).not.toBe(first);
});

test('a deployment that does not go live leaves the watch as it was', async () => {
  const { base, second } = await watched('print("well")');
  const failing = deployTo(base, await version('print("worse")'), {
    checks: [checkOf({ command: 'false' })],
  });
  await expect(failing).rejects.toMatchObject({ code: 'CHECK' });
  expect(await rolloutOf(base)).toMatchObject({ state: 'watching', release: second, overdue: false });
});

test('a rollback ends the watch', async () => {
  const { base, first } = await watched('print("well")');
  expect((await rollBackTo(base, { target: 'previous' })).release).toBe(first);
  expect(await rolloutOf(base)).toMatchObject({ state: 'superseded', decidedBy: 'switch' });
  await until(() => guardsOf(base).length === 0);
});

test('P9: the same content deployed again finds the same rollout', async () => {
  const base = await make();
  await deployTo(base, await version('print("good")'));
  const source = await version('print("well")');
  const { rollout } = await deployTo(base, source, { watch: WATCH });
  const again = await deployTo(base, source, { watch: WATCH });
  expect(again).toMatchObject({ status: 'unchanged', rollout: { id: rollout?.id, state: 'watching' } });
});

test('P11: a guard that was killed is overdue, no new one is needed, and the next operation settles it', async () => {
  const { base, first, second } = await watched('sys.exit(2)');
  extract(base, 'a');
  extract(base, 'b');
  await counted(base, 2);
  const [guard] = guardsOf(base);
  process.kill(Number(guard), 'SIGKILL');
  await until(() => guardsOf(base).length === 0);
  // Runs go on, and are counted nowhere.
  expect(extract(base, 'c')).toBe(2);
  const status = await inConversation((client) => getStatus(client, deployOptions(base)));
  expect(status).toMatchObject({ release: second, rollout: { state: 'watching', overdue: true } });
  expect(status.rollout?.summary).toContain('nobody watches it any more');
  const next = await deployTo(base, await version('print("next")'));
  expect(next.notices?.join()).toContain('What watched it had ended before its time');
  expect(next.previousRelease).toBe(second);
  expect(first).not.toBe(second);
});

test('P11: a guard that is killed while a check hangs is overdue at once, and the next one is no second', async () => {
  const base = await make();
  const hung = join(base, 'hung');
  const hangs = checkOf({
    when: 'after',
    command: `sh -c "test ! -e ${base}/hangs || { touch ${hung}; sleep 30; }"`,
  });
  await deployTo(base, await version('print("good")'));
  await deployTo(base, await version('print("well")'), {
    watch: { ...WATCH, checkSeconds: 1 },
    checks: [hangs],
  });
  writeFileSync(join(base, 'hangs'), '');
  await until(() => existsSync(hung));
  process.kill(Number(guardsOf(base)[0]), 'SIGKILL');
  await until(() => guardsOf(base).length === 0, 2_000);
  expect(await rolloutOf(base)).toMatchObject({ state: 'watching', overdue: true });
  const next = await deployTo(base, await version('print("next")'), { watch: WATCH });
  expect(next.rollout).toMatchObject({ state: 'watching', overdue: false });
  expect(guardsOf(base)).toHaveLength(1);
});

test('a release that can’t be gone back to is named, and holds nobody up: neither the guard nor the next operation', async () => {
  const { base, first, second } = await watched('sys.exit(2)');
  const damage = (release: string) => {
    chmodSync(join(base, 'releases', release, 'src/engine.py'), 0o644);
    appendFileSync(join(base, 'releases', release, 'src/engine.py'), '# by hand\n');
  };
  damage(first);
  for (const name of ['a', 'b', 'c']) extract(base, name);
  const rollout = await endedRollout(base);
  expect(rollout).toMatchObject({ state: 'inconclusive', release: second, decidedBy: 'guard' });
  expect(rollout.summary).toContain(`is bad, and could not be taken back to ${first}`);
  const status = await inConversation((client) => getStatus(client, deployOptions(base)));
  expect(status).toMatchObject({ release: second, unconfirmedSwitch: null, lockedBy: null });
  await until(() => guardsOf(base).length === 0);

  const third = await deployTo(base, await version('sys.exit(3)'), { watch: WATCH });
  const { id, candidate: control } = writtenRollout(base);
  process.kill(Number(guardsOf(base)[0]), 'SIGKILL');
  await until(() => guardsOf(base).length === 0);
  writeFileSync(
    countsOf(base),
    JSON.stringify({ id, candidate: { runs: 4, failed: 4 }, control, unknown: 0 }),
  );
  damage(second);
  const fourth = await deployTo(base, await version('print(4)'));
  expect(fourth.previousRelease).toBe(third.release);
  expect(fourth.notices?.join()).toContain('could not be taken back');
});

test('a return to a plain directory ends the watch, and nothing is left of it', async () => {
  const { base } = await watched('print("well")');
  await detachAt(base);
  expect(await rolloutOf(base)).toMatchObject({ state: 'superseded', decidedBy: 'switch' });
  await until(() => guardsOf(base).length === 0);

  const other = await watched('print("well")');
  await detachAt(other.base, { removeHistory: true });
  expect(existsSync(join(other.base, '.hot-deploy'))).toBe(false);
  expect(extract(other.base, 'plain')).toBe(0);
});

test('P11: where a killed guard had counted enough, the next operation goes back first', async () => {
  const { base, first } = await watched('sys.exit(2)', { watchSeconds: 600 });
  const [guard] = guardsOf(base);
  process.kill(Number(guard), 'SIGSTOP');
  const { id, candidate: control } = writtenRollout(base);
  const counted = { id, candidate: { runs: 4, failed: 4 }, control, unknown: 0 };
  writeFileSync(countsOf(base), JSON.stringify(counted));
  process.kill(Number(guard), 'SIGKILL');
  await until(() => guardsOf(base).length === 0);
  const next = await deployTo(base, await version('print("next")'));
  expect(next.previousRelease).toBe(first);
});

test.each([
  ['a file', { name: 'logs/engine.log', path: 'logs/engine.log' }],
  [
    'a program',
    { name: 'tail -n 0 -F logs/engine.log', command: ['tail', '-n', '0', '-F', 'logs/engine.log'] },
  ],
])('a log that says something too often takes it back: %s', async (_, log) => {
  const base = await make();
  mkdirSync(join(base, 'logs'));
  const file = join(base, 'logs/engine.log');
  writeFileSync(file, 'Traceback of yesterday\n');
  await deployTo(base, await version('print("good")'));
  const logs = [{ ...log, text: 'Traceback', limit: 1 }];
  await deployTo(base, await version('print("well")'), { watch: { ...WATCH, logs } });
  await until(() => {
    appendFileSync(file, 'all is well\nTraceback (most recent call last):\n');
    return writtenRollout(base).state !== 'watching';
  });
  const { state, summary } = await rolloutOf(base);
  expect(state).toBe('aborted');
  expect(summary).toMatch(
    new RegExp(String.raw`\d+ lines of ${log.name}, more than 1: Traceback \(most recent call last\):$`),
  );
  await until(() => guardsOf(base).length === 0);
});
