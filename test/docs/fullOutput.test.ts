/** The full output that docs/reference/hot-deploy.md shows is what the node sends out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain } from '../support/n8n';
import { checks, hotDeploy, onlyJson, openN8n } from '../support/nodes';
import { ROOT } from '../support/productFiles';

const make = temporaryDirectories();

/** The names in an object, and in objects within it. */
function namesIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => namesIn(item, `${path}[]`)))];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, member]) => namesIn(member, path ? `${path}.${name}` : name));
}

test('has the same names, down to the last one', async () => {
  const [example] = [
    ...readFileSync(join(ROOT, 'docs/reference/hot-deploy.md'), 'utf8').matchAll(/^```json\n([^]*?)^```$/gm),
  ];
  const [first, second] = await engineVersions(make, 'base', 'v2');
  const basePath = await make('app');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = basePath;
  const n8n = await openN8n();
  try {
    const check = checks({ type: 'python', name: 'Six blocks', code: 'pass', when: 'before' });
    const deploy = (sourceDirectory: string) =>
      n8n.run(
        chain(
          hotDeploy({ connection: 'local', basePath, sourceDirectory, dependencies: 'none', checks: check }),
        ),
      );
    await deploy(first);
    const full: IDataObject = onlyJson(await deploy(second));
    const shown = namesIn(JSON.parse(example[1])).filter((name) => !name.startsWith('releasesInUse'));
    // Nothing runs here, so that no release is in use.
    expect(full.releasesInUse).toEqual([]);
    const sent = namesIn(full).filter((name) => !/^(?:releasesInUse|changes\.\w+\[\])/.test(name));
    expect(sent.sort()).toEqual(shown.filter((name) => !/^changes\.\w+\[\]/.test(name)).sort());
  } finally {
    delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
    await n8n.close();
  }
});
