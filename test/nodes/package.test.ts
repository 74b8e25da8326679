import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { loadOutputSchema } from 'n8n-core';

import { programDigest } from '../../nodes/shared/executor/program';
import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { chain, createN8n, loadPackage } from '../support/n8n';
import { HOT_DEPLOY, onlyJson, ROLLBACK, RUN, TRIGGER } from '../support/nodes';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');
/** Everything that the build reads and the package takes along. */
const SOURCES = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'gulpfile.js',
  'executor',
  'nodes',
  'credentials',
  'examples',
  'README.md',
  'LICENSE',
];

const make = temporaryDirectories();
let built: string;

beforeAll(async () => {
  built = await make('package');
  for (const source of SOURCES) {
    await cp(join(ROOT, source), join(built, source), {
      recursive: true,
      filter: (path) => !path.endsWith('__pycache__'),
    });
  }
  await symlink(join(ROOT, 'node_modules'), join(built, 'node_modules'));
  const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);
  await run(bin('tsc'), ['-p', 'tsconfig.build.json'], { cwd: built });
  await run(bin('gulp'), ['build'], { cwd: built });
}, 120_000);

test('the built package loads as n8n loads it, and its nodes deploy', async () => {
  const loaded = await loadPackage(built);
  expect(Object.keys(loaded.nodeTypes).sort()).toEqual([HOT_DEPLOY, ROLLBACK, RUN, TRIGGER].sort());
  expect(loaded.credentialTypes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['hotDeploySshApi', 'hotDeployWebhookApi']),
  );

  const n8n = await createN8n(loaded);
  const [sourceDirectory] = await engineVersions(make, 'v2');
  const basePath = await make('app');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = basePath;
  const parameters = { connection: 'local', basePath, sourceDirectory, options: { python: PYTHON } };
  const result = await n8n.run(chain({ name: 'Hot Deploy', type: HOT_DEPLOY, parameters }));
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  await n8n.close();
  expect(onlyJson(result)).toMatchObject({ status: 'deployed' });
});

test('P7: the package lists its executors, for hosts that run no other', async () => {
  const lines = (await readFile(join(built, 'dist/executors.txt'), 'utf8')).trim().split('\n');
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(lines).toEqual(
    (['full', 'readOnly'] as const).map((access) => `${programDigest(access)}  ${version} ${access}`),
  );
});

test('every icon and codex file that nodes and credentials name is in the package', async () => {
  const { n8n } = JSON.parse(await readFile(join(built, 'package.json'), 'utf8')) as {
    n8n: { nodes: string[]; credentials: string[] };
  };
  for (const path of n8n.nodes) {
    const codex = JSON.parse(await readFile(join(built, path.replace(/\.js$/, '.json')), 'utf8')) as {
      node: string;
    };
    expect([HOT_DEPLOY, ROLLBACK, RUN, TRIGGER]).toContain(codex.node);
  }
  for (const path of [...n8n.nodes, ...n8n.credentials]) {
    const file = join(built, path);
    const icons = [...(await readFile(file, 'utf8')).matchAll(/'file:([^']+)'/g)].map(([, icon]) => icon);
    expect(icons).toHaveLength(2);
    for (const icon of icons) expect(existsSync(join(dirname(file), icon))).toBe(true);
  }
});

describe('what npm packs', () => {
  let packed: string[];

  beforeAll(async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: built });
    const [{ files }] = JSON.parse(stdout) as Array<{ files: Array<{ path: string }> }>;
    packed = files.map(({ path }) => path);
  });

  /** Each with why it is needed. */
  const NEEDED: Record<string, RegExp> = {
    'what npm always takes': /^(package\.json|README\.md|LICENSE)$/,
    'nodes and credentials, with the types of both': /^dist\/(nodes|credentials)\/.*\.(js|d\.ts)$/,
    'icons, light and dark': /^dist\/(nodes|credentials)\/[A-Za-z/]*(\.dark)?\.svg$/,
    'codex files, by which the editor finds nodes': /^dist\/nodes\/[A-Za-z]+\/[A-Za-z]+\.node\.json$/,
    'output schemas, from which it offers fields':
      /^dist\/nodes\/[A-Za-z]+\/__schema__\/v1\.0\.0(\/[A-Za-z]+)?\.json$/,
    'the executor and the launcher': /^dist\/executor\/[a-z_/]+\.py$/,
    'the digests of the executors': /^dist\/executors\.txt$/,
    'workflows to start from': /^examples\/[a-z-]+\.json$/,
    'what a host with least privilege runs': /^examples\/hot-deploy-python$/,
  };

  test('is what is needed, and nothing else', () => {
    const patterns = Object.values(NEEDED);
    expect(packed.filter((path) => !patterns.some((pattern) => pattern.test(path)))).toEqual([]);
    for (const [reason, pattern] of Object.entries(NEEDED)) {
      expect([reason, packed.some((path) => pattern.test(path))]).toEqual([reason, true]);
    }
  });

  test('has every codex file, output schema, icon and Python file of the sources', async () => {
    const files = async (directory: string, wanted: RegExp) =>
      (await readdir(join(ROOT, directory), { recursive: true }))
        .map((path) => `${directory}/${path}`)
        .filter((path) => wanted.test(path));
    const sources = [
      // Those beside the folders of nodes, such as tsconfig.json, are for development.
      ...(await files('nodes', /^nodes\/.+\/.+\.(json|svg)$/)),
      ...(await files('executor', /^executor\/(launcher|hot_deploy\/\w+)\.py$/)),
    ];
    expect(sources.length).toBeGreaterThan(60);
    expect(packed).toEqual(expect.arrayContaining(sources.map((path) => `dist/${path}`)));
  });

  test('has the output schemas where n8n looks for them beside the built nodes', () => {
    const nodeDir = join(built, 'dist/nodes/HotDeploy');
    expect(loadOutputSchema({ nodeDir, version: 1, operation: 'deploy' })).toHaveProperty(
      'properties.release',
    );
  });
});
