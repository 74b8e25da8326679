import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { pack } from 'tar-stream';

import { deployTo, inConversation, rollBackTo, temporaryDirectories } from '../../support/deployment';
import type { Bundle } from '../../../nodes/shared/source/bundle';
import { openArchive } from '../../../nodes/shared/source/archive';
import { DEFAULT_SELECTION } from '../../../nodes/shared/source/bundle';
import { lock } from '../../support/conversation';
import { keptNames } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { opener } from '../../support/tarball';

jest.setTimeout(120_000);
const make = temporaryDirectories();

/** A path of so many bytes in all, of names of 200 or as short as one. */
function pathOf(bytes: number, name: string): string {
  const part = `${name}/`;
  const begin = 'src/';
  const whole = Math.floor((bytes - begin.length - 1) / part.length);
  const path = begin + part.repeat(whole);
  return path + 'f'.repeat(bytes - path.length);
}

async function bundleOf(paths: string[]): Promise<Bundle> {
  const archive = pack();
  archive.entry({ name: 'run.py' }, 'print(1)\n');
  for (const path of paths) archive.entry({ name: path }, `# ${path.length}\n`);
  archive.finalize();
  const bytes = await buffer(archive);
  return openArchive({ open: opener(bytes, bytes.length), selection: DEFAULT_SELECTION });
}

test.each([
  ['3,900 bytes of long names', pathOf(3900, 'd'.repeat(200))],
  ['3,900 bytes, 243 directories deep', pathOf(3900, 'd'.repeat(15))],
])('a path of %s is deployed, kept and taken back', async (_, path) => {
  const base = await make('b');
  await deployTo(base, await bundleOf([path]));
  expect(readFileSync(join(base, 'current', path), 'utf8')).toBe('# 3900\n');
  expect(await deployTo(base, await bundleOf([path]))).toMatchObject({ status: 'unchanged' });
  await deployTo(base, await bundleOf([path, 'src/other.txt']));
  expect(readFileSync(join(base, 'current', path), 'utf8')).toBe('# 3900\n');
  await rollBackTo(base, { target: 'previous' });
  expect(readFileSync(join(base, 'current', path), 'utf8')).toBe('# 3900\n');
  await deployTo(base, await bundleOf([]), { keepReleases: 1, keepBackups: 0 });
});

test('P3: a path that is too long below this base path is a sentence, and changes nothing', async () => {
  const base = join(await make(), 'b'.repeat(200));
  mkdirSync(base);
  await deployTo(base, await bundleOf(['src/a.txt']));
  writeFileSync(join(base, 'kept'), '');
  const before = keptNames(base);
  const refused = await thrownBy(deployTo(base, await bundleOf([pathOf(4000, 'd'.repeat(200))])));
  expect(refused.message).toMatch(/File name too long|too long/i);
  expect(keptNames(base)).toEqual(before);
  await inConversation((client) => lock(client, base));
  expect(await deployTo(base, await bundleOf(['src/a.txt']))).toMatchObject({ status: 'unchanged' });
});
