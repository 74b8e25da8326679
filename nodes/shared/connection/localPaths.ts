import { lstat, realpath } from 'node:fs/promises';
import * as path from 'node:path';

import type { BasePath } from '../contract/names';
import { DeployError, toDeployError } from '../errors';

function refuse(message: string, details: Record<string, unknown>): DeployError {
  return new DeployError('INPUT', message, { details });
}

async function exists(place: string): Promise<boolean> {
  try {
    await lstat(place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw toDeployError(error, 'INPUT');
  }
}

/** Resolves all links of `place`, of which the last parts need not exist yet. */
async function resolveLinks(place: string, field: string): Promise<string> {
  try {
    return await realpath(place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A link to nothing is not a missing directory: whoever creates its target decides where it leads.
    if (code !== 'ENOENT' || (await exists(place))) {
      throw toDeployError(
        refuse(`${field} "${place}" can't be resolved on this machine (${code}); correct it.`, {
          path: place,
        }),
      );
    }
    const parent = await resolveLinks(path.dirname(place), field);
    return path.join(parent, path.basename(place));
  }
}

/** One entry of the administrator's list. Unlike a base path, it may be the root. */
async function resolveEntry(entry: string): Promise<string> {
  const field = 'N8N_HOT_DEPLOY_LOCAL_PATHS:';
  const usable = path.isAbsolute(entry) && !entry.includes('\0') && !entry.split('/').includes('..');
  if (usable) return resolveLinks(path.normalize(entry), field);
  throw refuse(`${field} "${entry}" must be an absolute path without ".." parts, such as /app.`, {
    path: entry,
  });
}

/**
 * Lets local mode work only where the administrator of this machine allowed it.
 *
 * @param basePath the engine's directory; need not exist yet
 * @param allowed  the value of the environment variable `N8N_HOT_DEPLOY_LOCAL_PATHS`: absolute directories, separated
 *                 by colons; a directory allows itself and everything below it
 * @returns `basePath` with all links resolved
 * @throws INPUT when nothing is allowed, when the path is outside, or when a path can't be used as given
 */
export async function checkLocalPath(basePath: BasePath, allowed: string | undefined): Promise<string> {
  const listed = (allowed ?? '')
    .split(':')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (listed.length === 0) {
    throw refuse(
      `"Connection" is local, which is not allowed on this machine; its administrator allows it for "${basePath}" by setting the environment variable N8N_HOT_DEPLOY_LOCAL_PATHS=${basePath} for n8n, which reads it when it starts.`,
      { path: basePath },
    );
  }
  const resolved = await resolveLinks(path.normalize(basePath), '"Base Path"');
  for (const entry of listed) {
    const directory = await resolveEntry(entry);
    const prefix = directory === '/' ? '/' : `${directory}/`;
    if (resolved === directory || resolved.startsWith(prefix)) return resolved;
  }
  throw refuse(
    `"Base Path" "${basePath}" is outside the directories that N8N_HOT_DEPLOY_LOCAL_PATHS allows (${listed.join(', ')}); choose one of these, or have the administrator add it (separated by colons, read when n8n starts).`,
    { path: basePath, resolved, allowed: listed },
  );
}
