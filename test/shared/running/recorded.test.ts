/** Inputs of runs that are kept for replays: 3f.11. */
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { parseReleaseId } from '../../../nodes/shared/contract/names';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { replayReleases } from '../../../nodes/shared/operations/replayReleases';
import { RECORDED } from '../../../nodes/shared/replay/replaySettings';
import type { RunRequest } from '../../../nodes/shared/run/request';
import { deployOptions, inConversation, openClient, temporaryDirectories } from '../../support/deployment';
import { deployReporting } from '../../support/replayed';
import { replaySettings } from '../../support/replaySettings';
import { runIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const MB = 1_000_000;
const FORTNIGHT_SECONDS = 14 * 24 * 3600;
let base: string;
let first: string;
let client: ExecutorClient;

beforeEach(async () => {
  base = join(await make(), 'app');
  for (const change of ['', 'report["words"] += 1']) {
    const { release } = await deployReporting(make, base, change);
    if (change === '') first = release;
  }
  client = await openClient();
});

afterEach(() => client.close());

const place = () => join(base, RECORDED);
const kept = () => (existsSync(place()) ? readdirSync(place()) : []);

function run(content: string | Buffer, name: string, changes: Partial<RunRequest> = {}) {
  const open = async () =>
    (async function* () {
      yield Buffer.from(content);
    })();
  return runIn(client, base, ['{inputFile}', '{outputDirectory}'], {
    ...{ input: { kind: 'content', pass: 'file', name, open }, wanted: { kind: 'text' } },
    ...changes,
  });
}

test('nothing is kept unless somebody asked for it', async () => {
  expect(await run('one', 'a.txt')).not.toHaveProperty('recorded');
  expect(kept()).toEqual([]);
});

test('the newest different inputs are kept, for their owner alone, and no more than asked for', async () => {
  for (const [content, name] of [
    ['one', 'a.txt'],
    ['two', 'b.txt'],
    ['one', 'a.txt'],
    ['three', 'c.txt'],
  ] as const) {
    expect(await run(content, name, { recordInputs: 2 })).toMatchObject({
      status: 'succeeded',
      recorded: true,
    });
  }
  expect(
    kept()
      .map((name) => name.slice(17))
      .sort(),
  ).toEqual(['a.txt', 'c.txt']);
  expect(
    kept()
      .map((name) => readFileSync(join(place(), name), 'utf8'))
      .sort(),
  ).toEqual(['one', 'three']);
  expect(statSync(place()).mode & 0o777).toBe(0o700);
  for (const name of kept()) expect(statSync(join(place(), name)).mode & 0o777).toBe(0o600);
});

test('one of more than 50 MB is not kept, which the result says', async () => {
  const large = Buffer.alloc(50 * MB + 1);
  const start = { kind: 'program', name: 'true' } as const;
  expect(await run(large, 'large.txt', { start, recordInputs: 5 })).toMatchObject({ recorded: false });
  expect(kept()).toEqual([]);
});

test('P7: what a run puts in the place of its input is not what is kept', async () => {
  await deployReporting(make, base, 'os.remove(path); os.symlink("/etc/passwd", path)');
  expect(await run('one', 'a.txt', { recordInputs: 5 })).toMatchObject({ recorded: true });
  expect(kept().map((name) => readFileSync(join(place(), name), 'utf8'))).toEqual(['one']);
});

test('what is older than a fortnight goes, with the next run of an execution and with Prune Releases', async () => {
  const old = async (content: string) => {
    await run(content, `${content}.txt`, { recordInputs: 5 });
    const before = Date.now() / 1000 - FORTNIGHT_SECONDS - 60;
    for (const name of kept()) utimesSync(join(place(), name), before, before);
  };
  await old('one');
  await client.close();
  client = await openClient();
  await run('two', 'b.txt');
  expect(kept()).toEqual([]);
  await old('three');
  await inConversation((other) =>
    pruneReleases(other, deployOptions(base), { keepReleases: 5, keepBackups: 5 }),
  );
  expect(kept()).toEqual([]);
});

test('a replay runs them again', async () => {
  const settings = replaySettings({ inputDirectory: RECORDED });
  const what = { ...deployOptions(base), release: parseReleaseId(first) };
  const asked = () => inConversation((other) => replayReleases(other, what, settings));
  expect((await thrownBy(asked())).message).toBe(`No inputs of runs in ${base} were recorded yet.`);
  await run('one two', 'a.txt', { recordInputs: 5 });
  const found = await asked();
  expect(found).toMatchObject({ verdict: 'different', inputs: 1 });
  expect(found.differences.map(({ input, live, other }) => [input.slice(17), live, other])).toEqual([
    ['a.txt', '3', '2'],
  ]);
});
