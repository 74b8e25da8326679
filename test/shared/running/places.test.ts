/** What runs leave in the base path, and operations that meet it: first deployments, repairs, returning to plain files. */
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { repairEngine } from '../../../nodes/shared/operations/repair';
import {
  checkOf,
  deployOptions,
  deployTo,
  inConversation,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { asBasePath, asEntrypoint } from '../../support/named';
import { AS_TEXT, obedientEngine, runIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { until } from '../../support/until';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let source: string;
let base: string;

beforeEach(async () => {
  source = await make('source');
  await writeTree(source, obedientEngine('two'));
  base = join(await make(), 'app');
  await writeTree(base, obedientEngine('one'));
});

const keyed = { ...AS_TEXT, runKey: 'a key', engineLimit: 1 };
const place = () => join(base, '.hot-deploy/runs');
const runs = () => (existsSync(place()) ? readdirSync(place()).map((name) => name.slice(0, 4)) : []);

test('P3: a refused first deployment of an engine that was run leaves it as it was, inode for inode', async () => {
  await inConversation((client) => runIn(client, base, ['say'], keyed));
  const seen = () =>
    ['.', '.hot-deploy', '.hot-deploy/runs', 'run.py', 'src', 'src/deeds.py', 'config'].map((name) => {
      const { ino, mode, uid } = lstatSync(join(base, name));
      return [name, ino, mode, uid];
    });
  const before = seen();
  const names = readdirSync(base).sort();
  const command = checkOf({ command: 'false' });
  await thrownBy(deployTo(base, source, { checks: [command] }));
  expect(seen()).toEqual(before);
  expect(readdirSync(base).sort()).toEqual(names);
  const again = await inConversation((client) => runIn(client, base, ['say'], keyed));
  expect(again).toMatchObject({ repeated: true, release: null });
});

async function becomePlain(): Promise<readonly string[]> {
  return inConversation(async (client) => {
    const asked = { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 0 };
    await client.call('lock', asked);
    await client.call('detach', { entrypoint: asEntrypoint('run.py') });
    return (await client.call('dismantle', { everything: true })).left;
  });
}

test('returning to plain files with everything removed leaves nothing of runs', async () => {
  await deployTo(base, source);
  await inConversation((client) => runIn(client, base, ['say'], keyed));
  expect(runs().sort()).toEqual(['key-', 'slot']);
  expect(await becomePlain()).toEqual([]);
  expect(readdirSync(base)).not.toContain('.hot-deploy');
});

test('P4: what a run that goes on has stays there, and Repair Engine leaves it alone', async () => {
  await deployTo(base, source);
  const file = join(await make(), 'once');
  const client = await openClient();
  const changes = { ...keyed, start: { kind: 'program', name: 'sh' } } as const;
  const words = ['-c', `echo x >> ${file}; while [ -e ${file} ]; do sleep 0.05; done; echo done`];
  const running = runIn(client, base, words, changes);
  await until(() => runs().includes('key-'));
  await until(() => existsSync(file));
  await inConversation((other) => repairEngine(other, { ...deployOptions(base), dryRun: false }));
  expect(runs().sort()).toEqual(['key-', 'slot']);
  rmSync(file);
  expect(await running).toMatchObject({ output: 'done\n' });
  await client.close();
});
