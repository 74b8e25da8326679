import { execFileSync } from 'node:child_process';
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectLocal } from '../../nodes/shared/connection/local';
import type { Connection } from '../../nodes/shared/connection/connection';
import { NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import { deploy } from '../../nodes/shared/operations/deploy';
import { ExecutorClient } from '../../nodes/shared/executor/client';
import type { ConversationStats, ExecutorOptions } from '../../nodes/shared/executor/conversation';
import type { Check } from '../../nodes/shared/release/checks';
import type { DeployOptions } from '../../nodes/shared/release/options';
import type { SwitchResult } from '../../nodes/shared/release/result';
import { rollBack, type RollbackTarget } from '../../nodes/shared/operations/rollback';
import { type Bundle, DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import { openDirectory } from '../../nodes/shared/source/directory';
import { materialiseEngine } from './engine';
import { availablePythons } from './pythons';
import { asBasePath, asEntrypoint } from './named';

/** Where `npm run coverage:python` has put an interpreter that measures which lines of the executor run. */
const { HOT_DEPLOY_COVERAGE } = process.env;

/** The interpreter itself: a version manager's shim in front of it takes longer to start than a flip. */
export const PYTHON = HOT_DEPLOY_COVERAGE
  ? join(HOT_DEPLOY_COVERAGE, 'python')
  : (availablePythons().at(-1) as string);

/** Makes temporary directories that are gone after the test file, read-only releases included. */
export function temporaryDirectories(): (purpose?: string) => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    if (made.length > 0) execFileSync('chmod', ['-R', 'u+rwX', ...made]);
    for (const directory of made) await rm(directory, { recursive: true, force: true });
  });
  return async (purpose = 'engine') => {
    const directory = await mkdtemp(join(tmpdir(), `hot-deploy-${purpose}-`));
    made.push(directory);
    return directory;
  };
}

/** What a conversation is opened with; by default a local one with the real interpreter. */
export interface ConversationOptions extends Partial<ExecutorOptions> {
  connection?: Connection;
  python?: string;
}

/** Opens a conversation with an executor. The caller closes it. */
export async function openClient(options: ConversationOptions = {}): Promise<ExecutorClient> {
  const { connection = connectLocal(), python = PYTHON, ...rest } = options;
  return ExecutorClient.open(connection, {
    interpreter: { python, become: 'none', runtime: 'host' },
    ...rest,
  });
}

/** Runs `work` in one conversation, closed afterwards however `work` ends. */
export async function inConversation<T>(
  work: (client: ExecutorClient) => Promise<T>,
  options: ConversationOptions = {},
): Promise<T> {
  const client = await openClient(options);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Options of a deployment to `basePath`: the defaults of the node, without checks of one's own. */
export function deployOptions(basePath: string, changes: Partial<DeployOptions> = {}): DeployOptions {
  return {
    basePath: asBasePath(basePath),
    entrypoint: asEntrypoint('run.py'),
    lockWaitSeconds: 0,
    holder: { workflow: 'Test', execution: '1' },
    checks: [],
    keepReleases: 10,
    keepBackups: 10,
    createBackup: true,
    deployUnchanged: false,
    dependencies: NO_DEPENDENCIES,
    selection: DEFAULT_SELECTION,
    ...changes,
  };
}

/** A result, and what the conversation it came from cost. */
export type Outcome = SwitchResult & { stats: ConversationStats };

/** Deploys a directory or bundle to `basePath` in a conversation of its own. */
export async function deployTo(
  basePath: string,
  source: string | Bundle,
  changes: Partial<DeployOptions> = {},
  conversation: ConversationOptions = {},
): Promise<Outcome> {
  const options = deployOptions(basePath, changes);
  return inConversation(async (client) => {
    const bundle = await bundleOf(source, options, conversation.signal);
    return { ...(await deploy(client, bundle, options)), stats: client.stats };
  }, conversation);
}

/** Rolls back in a conversation of its own. */
export async function rollBackTo(
  basePath: string,
  target: RollbackTarget,
  changes: Partial<DeployOptions> = {},
  conversation: ConversationOptions = {},
): Promise<Outcome> {
  return inConversation(async (client) => {
    return { ...(await rollBack(client, target, deployOptions(basePath, changes))), stats: client.stats };
  }, conversation);
}

/** The bundle of a directory; a bundle stays what it is. */
export async function bundleOf(
  source: string | Bundle,
  { selection }: Pick<DeployOptions, 'selection'>,
  signal?: AbortSignal,
): Promise<Bundle> {
  return typeof source === 'string' ? openDirectory({ directory: source, selection, signal }) : source;
}

/** A check, `command` unless `changes` say otherwise. */
export function checkOf(changes: Partial<Check>): Check {
  return {
    type: 'command',
    name: 'test check',
    command: 'true',
    when: 'before',
    timeoutSeconds: 20,
    environment: {},
    ...changes,
  };
}

/** Writes versions of the sample engine, each into a directory of its own: see `materialiseEngine`. */
export async function engineVersions(
  make: (purpose?: string) => Promise<string>,
  ...versions: string[]
): Promise<string[]> {
  return Promise.all(
    versions.map(async (version) => {
      const directory = await make(version);
      await materialiseEngine(version, directory);
      return directory;
    }),
  );
}
