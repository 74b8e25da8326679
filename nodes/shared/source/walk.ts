import type { Dirent } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { DeployError } from '../errors';
import type { BundleEntry } from './bundle';
import { throwIfCancelled } from './cancel';
import { unreadable } from './file';
import { IgnoredPaths } from './ignored';
import type { LimitCounter } from './bundleLimits';
import { checkEntryPath } from './paths';
import type { CompiledSelection } from './patterns';
import { quote } from './quote';
import { directoryEntry, linkEntry } from './tree';

export interface WalkOptions {
  directory: string;
  selection: CompiledSelection;
  limits: LimitCounter;
  signal?: AbortSignal | undefined;
  /** Is told of each file as soon as it is found. */
  onFile?(path: string): void;
}

export interface WalkResult {
  /** In order of their names, directory by directory. Files are given by their path alone. */
  found: Array<string | BundleEntry>;
  ignored: IgnoredPaths;
  /** All names at the top level. */
  topLevel: string[];
}

/**
 * Lists what a selection selects below a directory, looking only into directories that can hold something selected.
 * Links are not followed. Throws as `openDirectory` does.
 */
export async function walkDirectory(options: WalkOptions): Promise<WalkResult> {
  const top = await listTop(options.directory);
  const result: WalkResult = {
    found: [],
    ignored: new IgnoredPaths(),
    topLevel: top.map((dirent) => dirent.name),
  };
  await visit(options, result, '', top);
  return result;
}

async function visit(
  options: WalkOptions,
  result: WalkResult,
  prefix: string,
  dirents: readonly Dirent[],
): Promise<void> {
  for (const dirent of dirents) {
    throwIfCancelled(options.signal);
    const path = prefix + dirent.name;
    if (dirent.isDirectory()) await visitDirectory(options, result, path);
    else if (options.selection.includes(path)) await addEntry(options, result, path, dirent);
    else result.ignored.add(path);
  }
}

async function visitDirectory(options: WalkOptions, result: WalkResult, path: string): Promise<void> {
  const { directory, selection, limits } = options;
  if (!selection.mayContain(path)) {
    result.ignored.add(`${path}/`);
    return;
  }
  checkEntryPath(path);
  const dirents = await list(join(directory, path)).catch((thrown: unknown) => {
    throw unreadable(path, thrown);
  });
  if (dirents.length > 0) {
    await visit(options, result, `${path}/`, dirents);
  } else if (selection.includes(path)) {
    limits.addEntry(path);
    result.found.push(directoryEntry(path));
  } else {
    result.ignored.add(`${path}/`);
  }
}

async function addEntry(
  options: WalkOptions,
  result: WalkResult,
  path: string,
  dirent: Dirent,
): Promise<void> {
  checkEntryPath(path);
  options.limits.addEntry(path);
  if (dirent.isFile()) {
    result.found.push(path);
    options.onFile?.(path);
  } else if (dirent.isSymbolicLink()) {
    const target = await readlink(join(options.directory, path)).catch((thrown: unknown) => {
      throw unreadable(path, thrown);
    });
    result.found.push(linkEntry(path, target));
  } else {
    throw new DeployError(
      'INPUT',
      `The source's entry ${quote(path)} is a ${specialType(dirent)}, which can't be deployed; remove it, or leave it ` +
        'out with an exclude pattern.',
    );
  }
}

function specialType(dirent: Dirent): string {
  if (dirent.isFIFO()) return 'FIFO';
  if (dirent.isSocket()) return 'socket';
  return 'device';
}

/** The directory's entries, by name: the same order on every file system. */
async function list(location: string): Promise<Dirent[]> {
  const dirents = await readdir(location, { withFileTypes: true });
  return dirents.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function listTop(directory: string): Promise<Dirent[]> {
  try {
    return await list(directory);
  } catch (thrown) {
    throw noDirectory(directory, thrown);
  }
}

function noDirectory(directory: string, thrown: unknown): DeployError {
  const shown = `The source directory ${quote(directory)}`;
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return new DeployError(
      'NOT_FOUND',
      `${shown} does not exist on the machine that n8n runs on; correct the path.`,
    );
  }
  if (code === 'ENOTDIR') {
    return new DeployError(
      'INPUT',
      `${shown} is not a directory; give the path of the one that holds the engine.`,
    );
  }
  const reason = code ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return new DeployError(
    'INPUT',
    `${shown} can't be read by the user n8n runs as (${reason}); give that user read permission.`,
    { cause: thrown },
  );
}
