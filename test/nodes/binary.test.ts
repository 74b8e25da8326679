import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { temporaryDirectories } from '../support/deployment';
import { materialiseEngine, packEngine } from '../support/engine';
import { chain } from '../support/n8n';
import { credentialFor, hotDeploy, items, onlyJson, openN8n } from '../support/nodes';
import { liveTree, treeOf } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
});

afterAll(() => sshd.stop());

describe.each(['filesystem', 'memory'] as const)('with binary data in %s mode', (binaryData) => {
  test('deploys a tar.gz of the input item', async () => {
    const basePath = await make('app');
    const path = join(await make('archive'), 'engine-v4.tar.gz');
    await writeFile(path, await packEngine('v4'));
    const n8n = await openN8n(credentialFor(sshd), { binaryData });
    const result = await n8n.run(
      chain(
        items({ binary: { archive: { path } } }),
        hotDeploy({ basePath, source: 'binary', binaryProperty: 'archive' }),
      ),
    );
    await n8n.close();
    const { id } = result.output('Items')[0].binary?.archive ?? {};
    expect(id !== undefined).toBe(binaryData === 'filesystem');
    expect(onlyJson(result)).toMatchObject({
      status: 'deployed',
      previousRelease: null,
      backup: null,
      source: { type: 'binary', reference: 'engine-v4.tar.gz', commit: null },
    });
    const v4 = await make('v4');
    await materialiseEngine('v4', v4);
    expect(liveTree(basePath)).toEqual(treeOf(v4));
  });
});

test('an input item without the archive says so, and how to give it', async () => {
  const basePath = await make('app');
  const n8n = await openN8n(credentialFor(sshd));
  const result = await n8n.run(chain(items({}), hotDeploy({ basePath, source: 'binary' })));
  await n8n.close();
  expect(result.error('Hot Deploy')).toMatchObject({
    message: expect.stringMatching(/^Input Binary Field “data” .*\.$/),
    description: expect.stringMatching(/field/),
  });
  expect(readdirSync(basePath)).toEqual([]);
});
