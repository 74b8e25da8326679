import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As n8n passes them. */
const INSTALL = [
  'install',
  '--audit=false',
  '--fund=false',
  '--bin-links=false',
  '--install-strategy=shallow',
  '--ignore-scripts=true',
  '--package-lock=false',
];

/**
 * Installs the packed package the way n8n does it (`downloadPackage` of its community packages' service), except that
 * the archive comes from this machine: n8n asks no other registry than npm's without a licence.
 */
export async function installPackage(userFolder: string): Promise<void> {
  const archive = process.env.HOT_DEPLOY_PACKED;
  if (archive === undefined) throw new Error('nothing was packed: run it by npm run test:live');
  const nodes = join(userFolder, '.n8n/nodes');
  const directory = join(nodes, 'node_modules/n8n-nodes-hot-deploy');
  await mkdir(directory, { recursive: true });
  await run('tar', ['-xzf', archive, '-C', directory, '--strip-components=1']);
  const file = join(directory, 'package.json');
  const description = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  for (const kind of ['devDependencies', 'peerDependencies', 'optionalDependencies'])
    delete description[kind];
  await writeFile(file, JSON.stringify(description, null, 2));
  await run('npm', INSTALL, { cwd: directory });
  const dependencies = { 'n8n-nodes-hot-deploy': description.version };
  await writeFile(
    join(nodes, 'package.json'),
    JSON.stringify({ name: 'installed-nodes', private: true, dependencies }, null, 2),
  );
}
