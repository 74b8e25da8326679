/**
 * Deploys one source twice and rolls back in a process of its own, and sends back how long its event loop stood still
 * and how much memory was added, at most, by each.
 */
import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectLocal } from '../../nodes/shared/connection/local';
import { connectSsh, type SshOptions } from '../../nodes/shared/connection/ssh';
import { NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import { deploy } from '../../nodes/shared/operations/deploy';
import { ExecutorClient } from '../../nodes/shared/executor/client';
import { openGit } from '../../nodes/shared/git/commitSource';
import { planDeployment } from '../../nodes/shared/operations/plan';
import type { DeployOptions } from '../../nodes/shared/release/options';
import { rollBack } from '../../nodes/shared/operations/rollback';
import { openArchive } from '../../nodes/shared/source/archive';
import { type Bundle, DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import { openDirectory } from '../../nodes/shared/source/directory';
import type { Source } from '../../nodes/shared/source/source';
import { watchTurns } from './turns';
import { asBasePath, asEntrypoint } from './named';

export interface LargeRequest {
  directory?: string;
  archive?: string;
  git?: { repository: string; cache: string };
  basePath: string;
  python: string;
  ssh?: SshOptions;
}

/** What one operation cost. */
export interface Cost {
  operation: string;
  longestMs: number;
  addedMiB: number;
  seconds: number;
}

const SAMPLE_MS = 10;

async function main(request: LargeRequest): Promise<Cost[]> {
  const { basePath, python, ssh } = request;
  const options: DeployOptions = {
    basePath: asBasePath(basePath),
    entrypoint: asEntrypoint('run.py'),
    lockWaitSeconds: 0,
    holder: { workflow: 'Test', execution: '1' },
    checks: [],
    keepReleases: 10,
    keepBackups: 10,
    createBackup: false,
    deployUnchanged: false,
    dependencies: NO_DEPENDENCIES,
    selection: DEFAULT_SELECTION,
  };
  const converse = async (work: (client: ExecutorClient) => Promise<unknown>): Promise<void> => {
    const connection = ssh ? await connectSsh(ssh) : connectLocal();
    const interpreter = { python, become: 'none' as const, runtime: 'host' as const };
    const client = await ExecutorClient.open(connection, { interpreter });
    try {
      await work(client);
    } finally {
      await client.close();
      await connection.close();
    }
  };
  const costs: Cost[] = [];
  const measured = async (operation: string, work: (client: ExecutorClient) => Promise<unknown>) => {
    costs.push(await costOf(operation, () => converse(work)));
  };
  // A small one first: what the program itself takes is not what a large source adds.
  const small = await mkdtemp(join(tmpdir(), 'hot-deploy-small-'));
  const toSmall = { ...options, basePath: asBasePath(await mkdtemp(join(small, 'base-'))) };
  await writeFile(join(small, 'run.py'), '');
  const bundle = await openDirectory({ directory: small, selection: { include: ['run.py'], exclude: [] } });
  await converse((client) => deploy(client, bundle, toSmall));
  useYoungGeneration();
  const deployed = (client: ExecutorClient) =>
    withSource(request, (source) => deploy(client, source, options));
  const planned = (client: ExecutorClient) =>
    withSource(request, (source) => planDeployment(client, source, options));
  await measured('plan', planned);
  await measured('first', deployed);
  if (request.directory) {
    await appendFile(join(request.directory, 'run.py'), '# changed\n');
    await measured('one file changed', deployed);
    await measured('roll back', (client) => rollBack(client, { target: 'previous' }, options));
  }
  return costs;
}

/** V8 keeps what short-lived objects once took; an n8n that has run for some seconds has that already. */
function useYoungGeneration(): void {
  let kept: unknown[] = [];
  for (let round = 0; round < 2_000_000; round += 1) {
    kept.push({ round });
    if (kept.length > 200_000) kept = [];
  }
}

async function costOf(operation: string, work: () => Promise<unknown>): Promise<Cost> {
  const turns = watchTurns();
  const before = process.memoryUsage.rss();
  const began = performance.now();
  let highest = before;
  const note = (): void => void (highest = Math.max(highest, process.memoryUsage.rss()));
  const sampling = setInterval(note, SAMPLE_MS);
  await work();
  note();
  clearInterval(sampling);
  turns.stop();
  return {
    operation,
    longestMs: Math.round(turns.longest()),
    addedMiB: Math.round((highest - before) / (1 << 20)),
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
}

async function withSource(
  { directory, archive, git }: LargeRequest,
  work: (source: Source | Bundle) => Promise<unknown>,
): Promise<void> {
  const selection = DEFAULT_SELECTION;
  const source = git
    ? await openGit({
        ...git,
        reference: 'main',
        subdirectory: '',
        selection,
        allowFile: () => undefined,
      })
    : directory
      ? await openDirectory({ directory, selection })
      : await openArchive({ open: async () => createReadStream(archive ?? ''), selection });
  try {
    await work(source);
  } finally {
    await source.close();
  }
}

process.once('message', (request: LargeRequest) => {
  main(request).then(
    (costs) => process.send?.(costs, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
