/** Runs from the node, in n8n's own engine: which release they are of, how many at once, and what they cost. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { deployTo } from '../support/deployment';
import { jsonOf, nodeRuns, outputOf, WAYS, type Way } from '../support/nodeRuns';
import { leftOfRuns, obedientEngine, there } from '../support/runs';
import { size } from '../support/size';
import { writeTree } from '../support/tree';

jest.setTimeout(300_000);
const runs = nodeRuns();

interface Said {
  version: string;
  data: string;
  release: string;
}

/** Runs many items while something else is deployed again and again, each time with all old releases removed. */
async function acrossFlips(way: Way, pin: 'batch' | 'run') {
  const basePath = await runs.engine('first');
  const [kept] = readdirSync(join(basePath, 'releases'));
  const gates = join(await runs.make('gates'), 'gate');
  const [flips, between] = [size(3, 50), size(4, 19)];
  const words = Array.from({ length: flips }, (_, flip) => [
    ['gate', `${gates}-${flip}`],
    ...Array.from({ length: between }, () => ['say']),
  ]).flat();
  const running = runs.run(way, words, { basePath, options: { pin } });
  const pinned: boolean[] = [];
  for (let flip = 0; flip < flips; flip++) {
    await there(`${gates}-${flip}.there`);
    await deployTo(basePath, await runs.source(`version ${flip}`), { keepReleases: 1 });
    pinned.push(existsSync(join(basePath, 'releases', kept)));
    writeFileSync(`${gates}-${flip}`, '');
  }
  const output = jsonOf(await running);
  return { basePath, kept, output, pinned, flips, count: words.length };
}

describe.each(WAYS)('%s', (way) => {
  test('1f.4: pin batch: all items run one release, which nothing removes meanwhile', async () => {
    const { basePath, kept, output, pinned, count } = await acrossFlips(way, 'batch');
    expect(output).toHaveLength(count);
    expect(new Set(output.map(({ release }) => release))).toEqual(new Set([kept]));
    const said = output.map((each) => each.output as unknown as Said);
    expect(new Set(said.map((each) => JSON.stringify([each.version, each.data, each.release])))).toEqual(
      new Set([JSON.stringify(['first', 'first', kept])]),
    );
    expect(pinned).toEqual(pinned.map(() => true));
    // Afterwards nothing keeps it.
    await deployTo(basePath, await runs.source('last'), { keepReleases: 1 });
    expect(existsSync(join(basePath, 'releases', kept))).toBe(false);
  });

  test('1f.4: what a batch is pinned to stays while none of its runs is at work, of each engine', async () => {
    const [one, other] = [await runs.engine('one'), await runs.engine('other')];
    const [kept] = readdirSync(join(one, 'releases'));
    const gate = join(await runs.make('gates'), 'gate');
    const item = (base: string, ...words: string[]) => ({ json: { base, words } });
    const given = [item(one, 'say'), item(other, 'gate', gate), item(one, 'say')];
    const running = runs.run(way, given, { basePath: '={{ $json.base }}' });
    await there(`${gate}.there`);
    await deployTo(one, await runs.source('two'), { keepReleases: 1 });
    await deployTo(one, await runs.source('three'), { keepReleases: 1 });
    expect(existsSync(join(one, 'releases', kept))).toBe(true);
    writeFileSync(gate, '');
    const output = jsonOf(await running);
    expect(output.map((each) => (each.output as unknown as Said).version)).toEqual(['one', 'other', 'one']);
    expect(output[2].release).toBe(kept);
  });

  test('1f.4: pin run: each item names its own release, as the engine does', async () => {
    const { output, flips } = await acrossFlips(way, 'run');
    for (const { release, output: printed } of output) {
      const said = printed as unknown as Said;
      expect(said.release).toBe(release);
      expect(said.data).toBe(said.version);
    }
    expect(new Set(output.map(({ release }) => release)).size).toBe(flips + 1);
  });

  test('1f.14: an engine that was never deployed is run, of no release, which a hint says', async () => {
    const basePath = await runs.make();
    await writeTree(basePath, obedientEngine('plain'));
    const result = await runs.run(way, [['say'], ['say']], { basePath });
    expect(jsonOf(result)).toMatchObject([
      { release: null, pinning: null, output: { version: 'plain', release: null } },
      { release: null },
    ]);
    const hints = result.hints('Run').map(({ message }) => message);
    expect(hints.filter((each) => each.includes('Nothing was deployed to'))).toEqual([
      expect.stringContaining(basePath),
    ]);
    // Tests run as root, whom temporary directories belong to.
    expect(hints.filter((each) => each.includes('as root'))).toHaveLength(1);
    expect(existsSync(join(basePath, '.hot-deploy'))).toBe(false);
  });

  test.each([
    [undefined, 1],
    [3, 3],
  ])(
    'concurrency %s: %s at once and never more, and outputs in the order of the inputs',
    async (concurrency, most) => {
      const basePath = await runs.engine('one');
      const words = Array.from({ length: 3 * most + 2 }, (_, index) => [
        'wait',
        // Those that come later take less long.
        index % most === 0 ? '0.5' : '0.2',
        `${basePath}-${index}`,
      ]);
      const counting = countProcesses(`${basePath}-`);
      const output = jsonOf(
        await runs.run(way, words, {
          basePath,
          output: 'text',
          options: { ...(concurrency && { concurrency }) },
        }),
      );
      expect(await counting()).toBe(most);
      expect(output.map(({ status }) => status)).toEqual(words.map(() => 'succeeded'));
    },
  );

  test('outputs of items at once are paired with their inputs, in their order', async () => {
    const basePath = await runs.engine('one');
    const words = Array.from({ length: 12 }, (_, index) => ['say', `item ${index}`]);
    const output = outputOf(await runs.run(way, words, { basePath, options: { concurrency: 5 } }));
    expect(output.map(({ json }) => (json.output as { words: string[] }).words)).toEqual(
      words.map(([, word]) => [word]),
    );
    expect(output.map(({ pairedItem }) => pairedItem)).toEqual(words.map((_, item) => ({ item })));
  });

  test('nothing is left of runs that have ended: no process, no directory', async () => {
    const basePath = await runs.engine('one');
    const item = { json: { words: ['read', '{inputFile}'] } };
    jsonOf(await runs.run(way, [item, item], { basePath, input: 'json', options: { concurrency: 2 } }));
    expect(leftOfRuns(basePath)).toEqual([]);
    expect(processes().filter((line) => line.includes(basePath))).toEqual([]);
  });
});

test('1f.13: a batch of 20 items costs one connection and one channel', async () => {
  const basePath = await runs.engine('one');
  const [from, connections] = [runs.sshd.log().length, runs.relay.connections];
  const output = jsonOf(
    await runs.run(
      'ssh',
      Array.from({ length: 20 }, () => ['say']),
      { basePath },
    ),
  );
  expect(output).toHaveLength(20);
  const log = runs.sshd.log().slice(from);
  expect(log.match(/Accepted publickey/g) ?? []).toHaveLength(runs.relay.connections - connections);
  expect(runs.relay.connections - connections).toBeLessThanOrEqual(1);
  expect(log.match(/Starting session/g)).toHaveLength(1);
});

function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
}

/** Counts processes with this in their command line every 20 ms; what comes back ends it, with the most at once. */
function countProcesses(word: string): () => Promise<number> {
  let most = 0;
  let over = false;
  const counting = (async () => {
    while (!over) {
      most = Math.max(most, processes().filter((line) => line.includes(word)).length);
      await pause(20);
    }
  })();
  return async () => {
    over = true;
    await counting;
    return most;
  };
}
