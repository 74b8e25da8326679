/** A check that runs the same inputs through what is live and through a new release, before the switch: EVIDENCE 3f. */
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

import type { Channel, Connection } from '../../../nodes/shared/connection/connection';
import { connectLocal } from '../../../nodes/shared/connection/local';
import { DEFAULT_SELECTION } from '../../../nodes/shared/source/bundle';
import type { CheckFailed } from '../../../nodes/shared/release/checks';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import type { ReplayResult, ReplaySettings } from '../../../nodes/shared/replay/replaySettings';
import {
  bundleOf,
  deployOptions,
  deployTo,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { liveRelease } from '../../support/engineStatus';
import { deployReporting, inputs, replayCheck, reportingEngine } from '../../support/replayed';
import { allGone, leftOfRuns, toldIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(240_000);
const make = temporaryDirectories();
let base: string;
let live: string;

async function deployEngine(change: string, settings?: Partial<ReplaySettings>) {
  return deployReporting(make, base, change, { checks: settings ? [replayCheck(settings)] : [] });
}

/** What a replay found whose release was let live. */
async function passed(change: string, settings: Partial<ReplaySettings>): Promise<ReplayResult> {
  const { checks } = await deployEngine(change, settings);
  const found = checks.find(({ type }) => type === 'replay')?.replay;
  if (!found) throw new Error('nothing was replayed');
  return found;
}

/** What a replay found that kept a release from going live; what is live stays. */
async function refused(change: string, settings: Partial<ReplaySettings>) {
  const error = await thrownBy(deployEngine(change, settings));
  expect(error).toMatchObject({ code: 'CHECK', details: { live, reverted: false } });
  expect(liveRelease(base)).toBe(live);
  const { check } = error.details as { check: CheckFailed['check'] };
  if (!check.replay) throw new Error('nothing was replayed');
  return { ...check.replay, message: error.message, description: error.description };
}

/** All that lies in the base path but what is Hot Deploy's own. */
function treeBeside(): string[] {
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(?:\.hot-deploy|releases|current|backups)(?:\/|$)/.test(path))
    .sort();
}

beforeEach(async () => {
  base = join(await make(), 'app');
  live = (await deployEngine('')).release;
});

afterEach(() => {
  expect(leftOfRuns(base)).toEqual([]);
});

test('3f.1: a release that does the same is let live, with what could not have been seen', async () => {
  const found = await passed('# another text', { inputDirectory: inputs(await make(), 3) });
  expect(found).toMatchObject({
    verdict: 'same',
    inputs: 3,
    runs: 9,
    differences: [],
    noisy: [],
    network: 'off',
  });
  expect(found.summary).toBe(
    'Both releases put out the same. 3 inputs rule out that more than 63.2 % differ, at 95 % confidence.',
  );
});

const VARYING = `import datetime
report["made"] = datetime.datetime.now().isoformat()
report["run"] = {"id": str(uuid.uuid4())}
`;

test('3f.1: fields that the live release itself varies are no differences, and are named', async () => {
  live = (await deployEngine(VARYING)).release;
  const found = await passed(`${VARYING}# another text`, { inputDirectory: inputs(await make(), 2) });
  expect(found).toMatchObject({ verdict: 'same', differences: [] });
  expect(found.noisy).toEqual(['report.json/made', 'report.json/run/id']);
  expect(found.summary).toContain(
    'Not compared, since the live release varies there: report.json/made and report.json/run/id.',
  );
});

test('3f.2: one piece of evidence that is lost is a difference, with input, path and both values', async () => {
  const found = await refused('if name == "input-01.txt": report["evidence"].pop()', {
    inputDirectory: inputs(await make(), 3),
  });
  expect(found).toMatchObject({ verdict: 'different', differenceCount: 1 });
  expect(found.differences).toEqual([
    {
      input: 'input-01.txt',
      path: 'report.json/evidence/3',
      live: '{"id":"e3","text":"xx","score":0.2}',
      other: null,
    },
  ]);
  expect(found.message).toContain(
    'Check “Replay” did not pass before the switch: the new release does something else: 1 field differs in 1 of 3 inputs, first report.json/evidence/3 of input-01.txt: ',
  );
});

test('3f.2, 3f.6: a list in another order is the same where its entries are told apart by a key', async () => {
  const settings = { inputDirectory: inputs(await make(), 2) };
  const reversed = 'report["evidence"].reverse()';
  expect((await refused(reversed, settings)).verdict).toBe('different');
  const listKeys = [{ list: '**/evidence', key: 'id' }];
  expect(await passed(reversed, { ...settings, listKeys })).toMatchObject({ verdict: 'same', unused: [] });
});

test('3f.3: a release that fails on one input is worse, with its reason, and was tried with it once more', async () => {
  const found = await refused('if name == "input-02.txt": sys.exit(3)', {
    inputDirectory: inputs(await make(), 3),
  });
  expect(found).toMatchObject({ verdict: 'worse', runs: 10 });
  expect(found.failing).toEqual([{ input: 'input-02.txt', why: 'The run ended with exit code 3.' }]);
  expect(found.summary).toBe(
    'The new release is worse: 1 of 3 inputs does not get through it (input-02.txt: The run ended with exit code 3).',
  );
});

test('3f.3: a release that fails once and then succeeds is not worse, but does something else', async () => {
  const marker = join(await make(), 'there');
  const once = `if not os.path.exists(${JSON.stringify(marker)}): open(${JSON.stringify(marker)}, "w"); sys.exit(3)`;
  const found = await refused(once, { inputDirectory: inputs(await make(), 1) });
  expect(found).toMatchObject({ verdict: 'different', runs: 4 });
  expect(found.differences).toEqual([
    { input: 'input-00.txt', path: 'status', live: '"succeeded"', other: '"failed"' },
  ]);
});

test('3f.3: a release that puts a file less out is worse', async () => {
  const found = await refused('output = os.environ["TMPDIR"]', { inputDirectory: inputs(await make(), 1) });
  expect(found).toMatchObject({
    verdict: 'worse',
    missing: [{ input: 'input-00.txt', file: 'report.json' }],
  });
});

test('an input that the live release does not get through tells nothing', async () => {
  live = (await deployEngine('if name == "input-00.txt": sys.exit("no")')).release;
  const found = await passed('if name == "input-00.txt": sys.exit("never")', {
    inputDirectory: inputs(await make(), 2),
  });
  expect(found).toMatchObject({ verdict: 'same', inputs: 2 });
  expect(found.unusable).toEqual([{ input: 'input-00.txt', why: 'The run ended with exit code 1: no' }]);
  live = liveRelease(base);
  const nothing = await refused('sys.exit("never")', { inputDirectory: inputs(await make(), 1) });
  expect(nothing.verdict).toBe('inconclusive');
  expect(nothing.summary).toBe(
    'The replay does not tell whether the new release is good: the live release itself does not get through input-00.txt (The run ended with exit code 1: never).',
  );
});

test('3f.5: 200 MB more are worse, also in a process that the run starts', async () => {
  const fat = `import subprocess
subprocess.run([sys.executable, "-c", "x = bytearray(200 << 20)"], check=True)
`;
  const found = await refused(fat, { inputDirectory: inputs(await make(), 7) });
  expect(found).toMatchObject({ verdict: 'worse', fatter: true });
  expect(found.summary).toMatch(/it takes \d+\.\d times the memory\.$/);
});

test('3f.6: what is left out is not compared, numbers may be apart, and patterns about nothing are named', async () => {
  const settings = { inputDirectory: inputs(await make(), 1) };
  const shifted = 'for each in report["evidence"]: each["score"] += 0.004';
  expect((await refused(shifted, settings)).differenceCount).toBe(4);
  const tolerance = { absolute: 0.005, percent: 0 };
  expect((await passed(shifted, { ...settings, tolerance })).verdict).toBe('same');
  const ignore = ['report.json/evidence/*/score', 'report.json/nowhere'];
  const found = await passed(`${shifted} # again`, { ...settings, ignore });
  expect(found).toMatchObject({ verdict: 'same', unused: ['report.json/nowhere'] });
});

test('3f.7: nothing is written outside of the run’s own directory, where temporary files are, too', async () => {
  const looking = `import tempfile
tempfile.mkstemp()
print(os.environ["HOT_DEPLOY_REPLAY"], os.nice(0), "work/temporary" in tempfile.gettempdir())
`;
  live = (await deployEngine(looking)).release;
  const before = treeBeside();
  const found = await passed(`${looking}# another text`, { inputDirectory: inputs(await make(), 1) });
  expect(found.verdict).toBe('same');
  expect(treeBeside()).toEqual(before);
  const told = await passed('print("1 10 True")', { inputDirectory: inputs(await make(), 1) });
  expect(told.verdict).toBe('same');
});

test.each(['n8n', 'the executor'])(
  '3f.7, P3: %s is killed in the middle of a replay: nothing is left of it, and the next deployment goes through',
  async (who) => {
    const told = join(await make(), 'told');
    const waiting = `if "HOT_DEPLOY_REPLAY" in os.environ:
    open(${JSON.stringify(told)}, "a").write("%d\\n" % os.getpid())
    time.sleep(600)
`;
    const source = await make('source');
    await writeTree(source, reportingEngine(waiting));
    const checks = [replayCheck({ inputDirectory: inputs(await make(), 2) })];
    const here = connectLocal();
    const channels: Channel[] = [];
    const start = async (...given: Parameters<Connection['start']>): Promise<Channel> => {
      const channel = await here.start(...given);
      channels.push(channel);
      return channel;
    };
    const cut = thrownBy(deployTo(base, source, { checks }, { connection: { ...here, start } }));
    const [pid] = await toldIn(told);
    // As when n8n is killed: the executor reads the end of its input.
    for (const channel of channels) {
      if (who === 'n8n') channel.stdin.end();
      else channel.destroy();
    }
    expect((await cut).code).toBe('LOST');
    await allGone([pid as number], 10_000);
    expect(liveRelease(base)).toBe(live);
    expect(await passed('# another text', { inputDirectory: inputs(await make(), 1) })).toMatchObject({
      verdict: 'same',
    });
  },
);

test('a run reaches itself and nobody else, unless that is allowed', async () => {
  const calling = `import socket
def reaches(place):
    try:
        return socket.create_connection(place, 5) and "reached"
    except OSError as raised:
        return raised.strerror
with socket.create_server(("127.0.0.1", 0)) as own:
    report["own"] = reaches(own.getsockname())
`;
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    live = (await deployEngine(`${calling}report["other"] = reaches(("127.0.0.1", ${port}))`)).release;
    const directory = inputs(await make(), 1);
    const own = 'report.json/own: "reached"';
    const asked = async (allowNetwork: boolean) => {
      const found = await refused('report.update(own="", other="")', {
        inputDirectory: directory,
        allowNetwork,
      });
      return [found.network, ...found.differences.map(({ path, live }) => `${path}: ${live}`).sort()];
    };
    expect(await asked(false)).toEqual(['off', 'report.json/other: "Connection refused"', own]);
    expect(await asked(true)).toEqual(['on', 'report.json/other: "reached"', own]);
  } finally {
    server.close();
  }
});

test('P7: runs get the variables of the check, and what is named like a secret is in no difference', async () => {
  live = (await deployEngine('print(os.environ.get("SERVICE_KEY"), os.environ.get("LEVEL"))')).release;
  const source = await make('source');
  await writeTree(source, reportingEngine('print(os.environ["SERVICE_KEY"], "other")'));
  const environment = { SERVICE_KEY: 'not-to-be-seen', LEVEL: 'high' };
  const check = { ...replayCheck({ inputDirectory: inputs(await make(), 1) }), environment };
  const error = await thrownBy(deployTo(base, source, { checks: [check] }));
  expect(error.description).toContain('stdout/line 1: "*** high" → "*** other"');
  expect(JSON.stringify([error.message, error.description, error.details])).not.toContain('not-to-be-seen');
});

test('3f.8: exactly the differences that were approved go live', async () => {
  const settings = { inputDirectory: inputs(await make(), 2), onDifferent: 'approve' as const };
  const added = 'report["words"] += 1';
  const { differenceDigest, description } = await refused(added, settings);
  expect(description).toContain(
    `To let exactly this go live, set Approved Differences to ${differenceDigest}.`,
  );
  const approved = { ...settings, differenceDigest: differenceDigest ?? '' };
  expect((await refused('report["words"] += 2', approved)).verdict).toBe('different');
  expect(await passed(added, approved)).toMatchObject({ verdict: 'different', differenceDigest });
});

test('3f.8, P10: differences are approved after the plan was, which stays what it is and says what they cost', async () => {
  const inputDirectory = inputs(await make(), 1);
  const source = await make('source');
  await writeTree(source, reportingEngine('report["words"] += 1'));
  const plan = (differenceDigest: string) => {
    const checks = [replayCheck({ inputDirectory, onDifferent: 'approve', differenceDigest })];
    return inConversation(async (client) => {
      const options = deployOptions(base, { checks });
      return planDeployment(client, await bundleOf(source, options), options);
    });
  };
  const before = await plan('');
  expect(before.checks.at(-1)).toEqual({
    name: 'Replay',
    type: 'replay',
    when: 'before',
    runs: 60,
    minutes: 10,
  });
  expect((await plan('92a246c4807a7335')).planDigest).toBe(before.planDigest);
});

test('3f.8: differences may be accepted beforehand; a worse release is not', async () => {
  const settings = { inputDirectory: inputs(await make(), 1), onDifferent: 'accept' as const };
  expect((await refused('sys.exit(1)', settings)).verdict).toBe('worse');
  expect((await passed('report["words"] += 1', settings)).verdict).toBe('different');
});

test('3f.9: no more inputs than were asked for, and none started when the time is over', async () => {
  const directory = inputs(await make(), 4);
  expect(await passed('# another text', { inputDirectory: directory, maxInputs: 2 })).toMatchObject({
    ...{ verdict: 'same', inputs: 2, available: 4, unfinished: false },
  });
  live = liveRelease(base);
  const found = await refused('# one more', { inputDirectory: directory, maxMinutes: 1 / 60_000 });
  expect(found).toMatchObject({ verdict: 'inconclusive', inputs: 1, unfinished: true });
  expect(found.summary).toMatch(/minutes were over after 1 input, which showed no difference\.$/);
});

test('a first deployment is compared with the plain directory', async () => {
  base = join(await make(), 'app');
  mkdirSync(base);
  await writeTree(base, reportingEngine());
  const settings = { inputDirectory: inputs(await make(), 2) };
  const before = readdirSync(base);
  const error = await thrownBy(deployEngine('report["words"] += 1', settings));
  expect(error).toMatchObject({ code: 'CHECK', details: { check: { replay: { verdict: 'different' } } } });
  expect(readdirSync(base).filter((name) => name !== '.hot-deploy')).toEqual(before);
  expect(await passed('# another text', settings)).toMatchObject({ verdict: 'same' });
});

/** Data that it opens by itself, relative to the working directory: in place alone it is the release's. */
const READING = `for path in ("config/version.json", "data/late.json"):
    report[path] = open(path).read() if os.path.exists(path) else None
`;

test.each(['first deployment', 'later one'])(
  'a %s is shown to its runs in place: changed data, and a directory that was not there',
  async (which) => {
    if (which === 'first deployment') {
      base = join(await make(), 'app');
      mkdirSync(base);
      await writeTree(base, reportingEngine(READING));
    } else {
      await deployEngine(READING);
    }
    const source = await make('source');
    const files = { 'config/version.json': '{"v": 2}', 'data/late.json': '{}' };
    await writeTree(source, { ...reportingEngine(READING), ...files });
    const selection = { include: [...DEFAULT_SELECTION.include, 'data/**'], exclude: [] };
    const checks = [replayCheck({ inputDirectory: inputs(await make(), 1) })];
    const { details } = await thrownBy(deployTo(base, source, { selection, checks }));
    const { check } = details as { check: CheckFailed['check'] };
    expect(check.replay?.differences.map(({ path, live: now, other }) => [path, now, other])).toEqual([
      ['report.json/config~1version.json', '"{}"', '"{\\"v\\": 2}"'],
      ['report.json/data~1late.json', 'null', '"{}"'],
    ]);
    expect(treeBeside().filter((path) => path.startsWith('data'))).toEqual([]);
  },
);

test('a first deployment into an empty directory has nothing to be compared with', async () => {
  base = join(await make(), 'app');
  const { status, checks } = await deployEngine('', { inputDirectory: inputs(await make(), 1) });
  expect([status, checks.filter(({ type }) => type === 'replay')]).toEqual(['deployed', []]);
});

test('a rollback is compared with what is live, too', async () => {
  const first = live;
  live = (await deployEngine('report["words"] += 1')).release;
  const checks = [replayCheck({ inputDirectory: inputs(await make(), 1) })];
  const error = await thrownBy(rollBackTo(base, { target: 'release', release: first }, { checks }));
  expect(error).toMatchObject({
    code: 'CHECK',
    details: { live, check: { replay: { verdict: 'different' } } },
  });
});

test('a directory without inputs, one that is not there, and a pattern that is none are named', async () => {
  const empty = await make('nothing-in-it');
  const asked = async (settings: Partial<ReplaySettings>) =>
    (await thrownBy(deployEngine('# another text', settings))).message;
  expect(await asked({ inputDirectory: empty })).toContain(
    `Input Directory ${empty} has no files to replay.`,
  );
  expect(await asked({ inputDirectory: 'nowhere' })).toContain(
    `Input Directory ${join(base, 'nowhere')} can't be read on the engine’s side: No such file or directory.`,
  );
  const given = { inputDirectory: inputs(await make(), 1) };
  expect(await asked({ ...given, ignore: ['/report.json'] })).toContain('Leave Out Fields pattern');
  expect(liveRelease(base)).toBe(live);
});
