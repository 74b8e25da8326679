/** A source that is the engine itself: what a deployment changes would be what it reads. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { DeployError } from '../errors';
import type { Bundle } from './bundle';
import { topLevelOf } from './paths';
import type { CompiledSelection } from './patterns';
import { quote } from './quote';

/** What tells a directory from all others of one start of a kernel, by whatever path or mount it is reached. */
export interface Identity {
  readonly boot: string;
  readonly device: string;
  readonly inode: string;
}

/** The base path, as the engine's side has found it. */
interface Base {
  /** With every link resolved. */
  readonly base: string;
  readonly identity: Identity | null;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const ANOTHER = 'Choose a directory outside of the base path that holds the new version.';

/**
 * Refuses a directory that is the base path, lies in a part of it that is deployed, or has it among its selected files.
 * They are compared as the kernel knows them, so that links, mounts and containers of this machine count, too.
 *
 * @throws DeployError `INPUT`
 */
export async function refuseOverlap(
  { directory, source, entries }: Pick<Bundle, 'directory' | 'source' | 'entries'>,
  { base, identity }: Base,
  selection: Pick<CompiledSelection, 'ownsName'>,
): Promise<void> {
  if (directory === undefined || identity === null || identity.boot === '') return;
  if (identity.boot !== (await readFile(BOOT_ID, 'latin1').catch(() => '')).trim()) return;
  const place = await realpath(directory);
  const shown = quote(source.reference ?? directory);
  const below = await pathBelow(place, identity);
  if (below === '') {
    throw refused(`Source Directory ${shown} is the base path itself, so there is no new version in it.`);
  }
  if (below !== undefined) {
    const name = topLevelOf(below);
    if (!selection.ownsName(name) && !entries.some(({ path }) => topLevelOf(path) === name)) return;
    throw refused(
      `Source Directory ${shown} lies in ${quote(name)} of the base path, which is deployed itself.`,
    );
  }
  const inside = relative(place, base);
  const holds = entries.some(({ path }) => path.startsWith(`${inside}/`));
  if (holds && (await isIt(join(place, inside), identity))) {
    throw refused(
      `Source Directory ${shown} holds the base path in ${quote(inside)}, which the patterns select.`,
    );
  }
}

/** A directory's path relative to the one with this identity: empty for that itself, undefined outside of it. */
async function pathBelow(directory: string, identity: Identity): Promise<string | undefined> {
  for (let place = directory; ; place = dirname(place)) {
    if (await isIt(place, identity)) return relative(place, directory);
    if (place === dirname(place)) return undefined;
  }
}

async function isIt(directory: string, { device, inode }: Identity): Promise<boolean> {
  const found = await stat(directory, { bigint: true }).catch(() => undefined);
  return found !== undefined && String(found.dev) === device && String(found.ino) === inode;
}

function refused(message: string): DeployError {
  return new DeployError('INPUT', message, { description: ANOTHER });
}
