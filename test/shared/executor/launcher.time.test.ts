/** What a launcher itself takes, beside a bare start of the interpreter. */
import '../../support/alone';

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BasePath, pinIn } from '../../support/base-path';
import { availablePythons } from '../../support/pythons';

const ENGINE = { 'run.py': '', 'src/main.py': '', 'config/x.json': '{}', 'requirements.txt': '' };
const ROUNDS = 21;
/** A bare start more is twice as much; the rest is for the noise of machines. */
const MOST = 2.5;

const pythons = availablePythons();
let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'launcher-time-'))));
afterAll(() => rmSync(root, { recursive: true }));

const ways = ['place', 'code', 'release'] as const;
const versions = [pythons[0], pythons[pythons.length - 1]];

test.each(ways.flatMap((way) => versions.map((python) => [way, python] as const)))(
  'it costs at most one bare interpreter start more (%s, %s)',
  (way, python) => {
    const base = new BasePath(mkdtempSync(join(root, 'base-')));
    base.addRelease('a', ENGINE);
    pinIn(way);
    base.flip('a');
    const time = (script: string) => {
      const began = process.hrtime.bigint();
      expect(spawnSync(python, [script], { cwd: base.path }).status).toBe(0);
      return Number(process.hrtime.bigint() - began) / 1e6;
    };
    const [direct, launched]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      direct.push(time(base.release('a', 'run.py')));
      launched.push(time('run.py'));
    }
    const times = median(launched) / median(direct);
    process.stdout.write(`${python}, pinned (${way}): ${times.toFixed(2)} times a bare start\n`);
    expect(times).toBeLessThanOrEqual(MOST);
  },
);

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
