/**
 * Where fetched commits are kept between deployments: one bare repository for each address and credential, without
 * history and without files that nobody asked for. It holds nothing that can't be fetched again.
 *
 * Several executions and workers may use it at once. Who uses a repository holds a shared lock on its file beside it;
 * who removes one takes the exclusive lock first. Those who write to one take turns.
 */
import { randomUUID, scrypt } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { toDeployError } from '../errors';
import { type FileLock, lockFile } from './fileLock';
import type { ProgramOptions } from './runProgram';

/** Repositories that are kept; the least recently used goes first. */
const MOST_REPOSITORIES = 20;
/** Every fetch adds a pack, or two; from here on one full fetch is cheaper than what they slow down. */
const MOST_PACKS = 100;
/** In bytes. */
const LARGEST_REPOSITORY = 1024 ** 3;
/** In a repository that has to be fetched anew. */
const DAMAGED = 'hot-deploy-damaged';
/** Beside a bare repository: one that has all commits and nothing of what they hold. */
const HISTORY = 'hot-deploy-history';
/** A repository that is being removed, or was when somebody was killed. */
const GOING = '.gone';
/** What `git` leaves when it is killed while it writes; others would wait for it to go away, for ever. */
const LEFT_BEHIND = /\.lock$|^\.?tmp[_-]/;

/** A place in the cache that can't be removed by others while it is open. */
export interface CachePlace {
  /** A bare repository, or where one has to be made. */
  directory: string;
  /** A second one, for the names of commits. */
  history: string;
  /** Waits for its turn among all that write to the place, and tidies up after one that was killed. */
  takeTurn(): Promise<FileLock>;
  /** Has the place made anew before it is used the next time. */
  markDamaged(): Promise<void>;
  close(): Promise<void>;
}

/** The directory of the cache: `N8N_HOT_DEPLOY_GIT_CACHE`, or one in the cache directory of the user n8n runs as. */
export function cacheDirectory(settings: NodeJS.ProcessEnv): string {
  const { N8N_HOT_DEPLOY_GIT_CACHE: chosen, XDG_CACHE_HOME: shared } = settings;
  return chosen || join(shared || join(homedir(), '.cache'), 'n8n-hot-deploy', 'git');
}

/** A name that tells nothing of `key`, which a password is part of: guessing takes long. */
function nameOf(key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(key, 'hot-deploy git cache', 12, (error, name) =>
      error ? reject(error) : resolve(name.toString('hex')),
    );
  });
}

/**
 * Opens the place of `key` in the cache. Where the cache can't be written or there is no `flock`, one of nobody else.
 *
 * @param own see `ownPlace`
 */
export async function openPlace(
  root: string,
  key: string,
  own: string,
  run: ProgramOptions,
): Promise<CachePlace> {
  const name = await nameOf(key);
  const lock = join(root, `${name}.lock`);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await makeRoom(root, name, run);
    const held = await lockFile(lock, 'shared', run);
    const now = new Date();
    await utimes(lock, now, now);
    return placeOf(join(root, `${name}.git`), held.release, () =>
      lockFile(join(root, `${name}.turn`), 'exclusive', run),
    );
  } catch (error) {
    if (run.signal?.aborted) throw toDeployError(error);
    return ownPlace(own);
  }
}

/** A place in a directory of the caller's own, gone with `close`. */
export function ownPlace(own: string): CachePlace {
  const directory = join(own, `${randomUUID()}.git`);
  const nobodyElse: FileLock = { release: async () => undefined };
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  return placeOf(directory, remove, async () => nobodyElse);
}

function placeOf(
  directory: string,
  close: () => Promise<void>,
  takeTurn: () => Promise<FileLock>,
): CachePlace {
  return {
    directory,
    history: join(directory, HISTORY),
    takeTurn: async () => {
      const turn = await takeTurn();
      await removeLeftovers(directory);
      return turn;
    },
    markDamaged: () => writeFile(join(directory, DAMAGED), '').catch(() => undefined),
    close,
  };
}

async function removeLeftovers(directory: string): Promise<void> {
  const all = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of all) {
    if (entry.isFile() && LEFT_BEHIND.test(entry.name))
      await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

/** Removes what has grown too large and, of the others, those least recently used, unless somebody uses them. */
async function makeRoom(root: string, own: string, run: ProgramOptions): Promise<void> {
  const all = await readdir(root);
  for (const name of all) if (name.endsWith(GOING)) await remove(join(root, name));
  const locks = all.filter((name) => name.endsWith('.lock') && name !== `${own}.lock`);
  const byUse = await Promise.all(
    locks.map(async (file) => ({ name: file.slice(0, -5), used: await usedAt(join(root, file)) })),
  );
  byUse.sort((a, b) => b.used - a.used);
  const surplus = byUse.slice(MOST_REPOSITORIES - 1).map(({ name }) => name);
  if (await mustGo(join(root, `${own}.git`))) surplus.push(own);
  for (const name of surplus) {
    const held = await lockFile(join(root, `${name}.lock`), 'exclusiveOrNone', run);
    if (!held) continue;
    try {
      await putAside(root, `${name}.git`);
      // The lock's own file goes last, and while it is held: whoever waits for it finds out that it went.
      for (const kind of ['turn', 'lock']) await rm(join(root, `${name}.${kind}`), { force: true });
    } finally {
      await held.release();
    }
  }
}

/** Removes a repository under another name: whoever is killed meanwhile leaves no half of one. */
async function putAside(root: string, name: string): Promise<void> {
  const gone = join(root, `${randomUUID()}${GOING}`);
  await rename(join(root, name), gone).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await remove(gone);
}

/** Somebody else may be removing it, too: then it goes anyway. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

/** When a repository was used last; 0 when somebody else has just removed it. */
async function usedAt(lock: string): Promise<number> {
  return stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

async function mustGo(directory: string): Promise<boolean> {
  const damaged = await stat(join(directory, DAMAGED)).catch(() => undefined);
  if (damaged) return true;
  const packs = [...(await packsIn(directory)), ...(await packsIn(join(directory, HISTORY)))];
  return packs.length > MOST_PACKS || packs.reduce((sum, size) => sum + size, 0) > LARGEST_REPOSITORY;
}

/** The sizes of a repository's packs. */
async function packsIn(repository: string): Promise<number[]> {
  const directory = join(repository, 'objects', 'pack');
  const names = await readdir(directory).catch(() => []);
  const packs = names.filter((name) => name.endsWith('.pack'));
  return Promise.all(
    packs.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
}
