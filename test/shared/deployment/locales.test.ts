/** Hosts whose locale can't show the names of an engine's files. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { deployTo, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { repairAt } from '../../support/repairing';
import { originalsOf } from '../../support/snapshot';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
/** Latin-1 has none of them, in part or at all. */
const NAMES = ['zażółć.json', '日本.txt', '😀.txt'];
let locales: string;

beforeAll(async () => {
  locales = await make('locales');
  // Warns of what the character set lacks, and ends with 1 for that.
  spawnSync('localedef', ['-i', 'en_US', '-f', 'ISO-8859-1', join(locales, 'en_US.ISO-8859-1')]);
});

const LOCALES: Array<[string, () => string]> = [
  ['Latin-1', () => `LOCPATH=${locales} LC_ALL=en_US.ISO-8859-1`],
  ['ASCII, without Python’s UTF-8 mode', () => 'LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0'],
];

test.each(LOCALES)('%s: names are kept byte for byte, there and back', async (_name, environment) => {
  const python = join(await make('python'), 'python3');
  writeFileSync(python, `#!/bin/sh\n${environment()} exec ${PYTHON} "$@"\n`, { mode: 0o755 });
  const encoding = execFileSync(python, ['-c', 'import sys; print(sys.getfilesystemencoding())'], {
    encoding: 'utf8',
  });
  expect(encoding.trim()).toMatch(/^(?:iso8859-1|latin-1|ascii)$/);
  const [base, source] = [join(await make('app'), 'maß日本'), await make('source')];
  const run = 'import os\nprint([os.fsencode(name).hex() for name in sorted(os.listdir("config"))])\n';
  const files = Object.fromEntries(NAMES.slice(0, 2).map((name) => [`config/${name}`, '1']));
  await writeTree(base, { 'run.py': run, ...files });
  await writeTree(source, { 'run.py': run, ...files, [`config/${NAMES[2]}`]: '2' });
  const said = () => execFileSync(python, ['run.py'], { cwd: base, encoding: 'utf8' });
  const plain = said();
  const before = originalsOf(base);
  expect((await deployTo(base, source, {}, { python })).status).toBe('deployed');
  expect(readdirSync(join(base, 'config')).sort()).toEqual([...NAMES].sort());
  expect(said()).toContain(Buffer.from(NAMES[2] ?? '').toString('hex'));
  // Another locale sees the same.
  expect((await deployTo(base, source)).status).toBe('unchanged');
  expect(await repairAt(base, {}, { python })).toMatchObject({ status: 'sound' });
  await rollBackTo(base, { target: 'previous' }, {}, { python });
  expect(said()).toBe(plain);
  await detachAt(base, {}, { python });
  expect(said()).toBe(plain);
  expect(Object.keys(originalsOf(base)).filter((path) => path in before)).toEqual(Object.keys(before));
});
