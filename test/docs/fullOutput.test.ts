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
  const page = readFileSync(join(ROOT, 'docs/reference/hot-deploy.md'), 'utf8');
  const [, example = ''] = /^```json\n([^]*?)^```$/m.exec(page) ?? [];
  const versions = await engineVersions(make, 'base', 'v2');
  const basePath = await make('app');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = basePath;
  const n8n = await openN8n();
  const outputs: IDataObject[] = [];
  try {
    const check = checks({ type: 'python', name: 'Six blocks', code: 'pass', when: 'before' });
    for (const sourceDirectory of versions) {
      const parameters = {
        connection: 'local',
        basePath,
        sourceDirectory,
        dependencies: 'none',
        checks: check,
      };
      outputs.push(onlyJson(await n8n.run(chain(hotDeploy(parameters)))));
    }
  } finally {
    delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
    await n8n.close();
  }
  const full = outputs.at(-1);
  // Nothing runs here, so that no release is in use; which files change is another matter, too.
  expect(full).toMatchObject({
    releasesInUse: [],
    changes: { added: expect.any(Array), ignored: expect.any(Array) },
  });
  const compared = (names: string[]) => names.filter((name) => !/^releasesInUse|\[\]$/.test(name)).sort();
  expect(compared(namesIn(full))).toEqual(compared(namesIn(JSON.parse(example))));
});
