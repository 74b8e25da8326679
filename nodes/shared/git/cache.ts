/**
 * Where fetched commits are kept between deployments: one bare repository for each address and credential, without
 * history and without files that nobody asked for. It holds nothing that can't be fetched again.
 *
 * Several executions and workers may use it at once. Who uses a repository holds a shared `flock` on its file beside it;
 * who removes one takes the exclusive lock first. The kernel frees both with the process that holds them, so none can
 * go stale, on a volume that several containers share, too.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { toDeployError } from '../errors';
import { type ProgramOptions, runProgram, startProgram } from './program';

/** Repositories that are kept; the least recently used goes first. */
const MOST_REPOSITORIES = 20;
/** Every fetch adds a pack, or two; from here on one full fetch is cheaper than what they slow down. */
const MOST_PACKS = 100;
/** In bytes. */
const LARGEST_REPOSITORY = 1024 ** 3;

/** A place in the cache that can't be removed by others while it is open. */
export interface CachePlace {
  /** A bare repository, or where one has to be made. */
  directory: string;
  /** The words that make a command wait for its turn among those that write to the repository. */
  oneAtATime: readonly string[];
  close(): Promise<void>;
}

/** The directory of the cache: `N8N_HOT_DEPLOY_GIT_CACHE`, or one in the cache directory of the user n8n runs as. */
export function cacheDirectory(settings: NodeJS.ProcessEnv): string {
  const { N8N_HOT_DEPLOY_GIT_CACHE: chosen, XDG_CACHE_HOME: shared } = settings;
  return chosen || join(shared || join(homedir(), '.cache'), 'n8n-hot-deploy', 'git');
}

/**
 * Opens the place of `key` in the cache. Where the cache can't be written or there is no `flock`, a directory is made
 * that goes away with `close`.
 */
export async function openPlace(root: string, key: string, run: ProgramOptions): Promise<CachePlace> {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 24);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const lock = join(root, `${name}.lock`);
    await writeFile(lock, '', { flag: 'a', mode: 0o600 });
    await writeFile(join(root, `${name}.turn`), '', { flag: 'a', mode: 0o600 });
    await makeRoom(root, name, run);
    const release = await holdShared(lock, run);
    const now = new Date();
    await utimes(lock, now, now);
    return {
      directory: join(root, `${name}.git`),
      oneAtATime: ['flock', '-x', join(root, `${name}.turn`)],
      close: release,
    };
  } catch (error) {
    if (run.signal?.aborted) throw toDeployError(error);
    const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-git-cache-'));
    return {
      directory: join(directory, 'once.git'),
      oneAtATime: [],
      close: () => rm(directory, { recursive: true, force: true }),
    };
  }
}

/** Takes the shared lock in a process that holds it until its input ends: with this process, at the latest. */
async function holdShared(lock: string, run: ProgramOptions): Promise<() => Promise<void>> {
  const holder = startProgram(['flock', '-s', lock, 'sh', '-c', 'echo held; exec cat'], run);
  const held = once(holder.stdout, 'data');
  const first = await Promise.race([held, holder.ended]);
  if (!Array.isArray(first)) throw new Error(`flock ended with ${first.code}`);
  holder.stdout.resume();
  return async () => {
    holder.stdin.end();
    await holder.ended.catch(() => undefined);
  };
}

/** Removes what has grown too large and, of the others, those least recently used, unless somebody uses them. */
async function makeRoom(root: string, own: string, run: ProgramOptions): Promise<void> {
  const locks = (await readdir(root)).filter((name) => name.endsWith('.lock'));
  const byUse = await Promise.all(
    locks.map(async (file) => ({ name: file.slice(0, -5), used: (await stat(join(root, file))).mtimeMs })),
  );
  byUse.sort((a, b) => b.used - a.used);
  const surplus = byUse.slice(MOST_REPOSITORIES).map(({ name }) => name);
  if (await hasOutgrown(join(root, `${own}.git`))) surplus.push(own);
  for (const name of surplus) {
    const lock = join(root, `${name}.lock`);
    const gone = await runProgram(['flock', '-n', '-x', lock, 'rm', '-rf', join(root, `${name}.git`)], run);
    // The lock's own file stays for the one in use: whoever waits for it must find the same file.
    if (gone.code === 0 && name !== own) await rm(lock, { force: true });
  }
}

async function hasOutgrown(directory: string): Promise<boolean> {
  try {
    const packs = join(directory, 'objects', 'pack');
    const names = (await readdir(packs)).filter((name) => name.endsWith('.pack'));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(packs, name))).size));
    return names.length > MOST_PACKS || sizes.reduce((sum, size) => sum + size, 0) > LARGEST_REPOSITORY;
  } catch {
    return false;
  }
}
