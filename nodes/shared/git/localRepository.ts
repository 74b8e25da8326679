import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { DeployError } from '../errors';
import { withoutEnd } from '../scan';
import type { RepositoryAddress } from './address';

/** Called with each directory that is going to be read; throws when that is not allowed. */
export type Allow = (directory: string) => Promise<void> | void;

/** What `git` looks for below the directory that was named, and beside it. */
const SUFFIXES = ['/.git', '', '.git'];
/** `git` follows alternates of alternates no further. */
const DEEPEST = 5;

/**
 * Finds the repository that a directory of this machine is or holds, and has everything allowed that `git` is going to
 * read for it: a link, a `.git` file or alternates may lead anywhere.
 *
 * @returns its own directory, all links resolved
 * @throws DeployError `NOT_FOUND` when there is none; what `allow` throws
 */
export async function findLocalRepository({ url, path }: RepositoryAddress, allow: Allow): Promise<string> {
  await allow(path);
  for (const suffix of SUFFIXES) {
    const found = await followFile(withoutEnd(path, '/') + suffix);
    if (!found || !(await exists(join(found, 'HEAD')))) continue;
    const directory = await allowed(found, allow);
    const common = await allowed(resolve(directory, await textOf(join(directory, 'commondir'))), allow);
    for (const name of ['objects', 'refs']) await allowed(join(common, name), allow);
    await allowAlternates(join(common, 'objects'), allow);
    return directory;
  }
  throw new DeployError(
    'NOT_FOUND',
    `Repository ${url} is not there: that directory holds no Git repository.`,
    {
      description: 'Check the address; it names a directory on n8n’s machine.',
    },
  );
}

/** The directory that a `.git` file names, or the directory itself; undefined when there is neither. */
async function followFile(place: string): Promise<string | undefined> {
  const status = await stat(place).catch(() => undefined);
  if (!status?.isFile()) return status?.isDirectory() ? place : undefined;
  const [, target] = /^gitdir: (.+)$/m.exec(await textOf(place)) ?? [];
  return target === undefined ? undefined : resolve(place, '..', target);
}

async function allowAlternates(objects: string, allow: Allow, depth = 0): Promise<void> {
  if (depth > DEEPEST) return;
  const lines = (await textOf(join(objects, 'info/alternates'))).split('\n');
  for (const line of lines) {
    if (line === '' || line.startsWith('#')) continue;
    const other = await allowed(resolve(objects, line), allow);
    await allowAlternates(other, allow, depth + 1);
  }
}

async function allowed(directory: string, allow: Allow): Promise<string> {
  await allow(directory);
  return realpath(directory).catch(() => directory);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** A file's text without the last line's end; empty when there is none. */
async function textOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).replace(/\n$/, '');
}
