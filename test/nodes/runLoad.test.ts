/** 1f.8: large files through n8n, into a run and out of it. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { leastHeld } from '../support/memory';
import { jsonOf, nodeRuns, WAYS } from '../support/nodeRuns';
import { leftOfRuns } from '../support/runs';
import { size } from '../support/size';

jest.setTimeout(1_800_000);
const runs = nodeRuns();
const MB = 1024 ** 2;
/** More than n8n may grow by at either size. */
const MEGABYTES = size(200, 1000);

async function fileOf(megabytes: number): Promise<string> {
  const path = join(await runs.make('large'), 'large.bin');
  const block = randomBytes(MB);
  function* content() {
    for (let index = 0; index < megabytes; index++) yield block;
  }
  await pipeline(Readable.from(content(), { objectMode: false }), createWriteStream(path));
  return path;
}

describe.each(WAYS)('1f.8: %s: n8n grows by less than 64 MB', (way) => {
  let basePath: string;
  beforeAll(async () => {
    basePath = await runs.engine('one');
    // What every run needs once, however small.
    jsonOf(await runs.run(way, [['say']], { basePath }));
  });

  afterEach(() => expect(leftOfRuns(basePath)).toEqual([]));

  test.each(['file', 'stdin'])('by a large input as %s', async (passInput) => {
    const path = await fileOf(MEGABYTES);
    const words = passInput === 'file' ? ['weigh', '{inputFile}'] : ['weigh', '/dev/stdin'];
    const item = { json: { words }, binary: { data: { path } } };
    const held = await leastHeld(async () => {
      const [{ output }] = jsonOf(await runs.run(way, [item], { basePath, input: 'binary', passInput }));
      expect(output).toBe(MEGABYTES * MB);
    });
    expect(held).toBeLessThan(64 * MB);
  });

  test('by a large file that comes out', async () => {
    const words = ['zeros', '{outputDirectory}/large.bin', String(MEGABYTES)];
    const held = await leastHeld(async () => {
      const [{ output }] = jsonOf(await runs.run(way, [words], { basePath, output: 'files' }));
      expect(output).toEqual([{ path: 'large.bin', bytes: MEGABYTES * 1_000_000 }]);
    });
    expect(held).toBeLessThan(64 * MB);
  });
});
