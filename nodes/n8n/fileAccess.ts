import type { IExecuteFunctions, ResolvedFilePath } from 'n8n-workflow';

import { DeployError } from '../shared/errors';

/** The path with its links resolved, so that what was allowed is what is read. */
export async function resolvePath(node: IExecuteFunctions, path: string): Promise<ResolvedFilePath> {
  try {
    return await node.helpers.resolvePath(path);
  } catch {
    // What can't be resolved isn't there or may not be read: opening it says so.
    return path as ResolvedFilePath;
  }
}

/** n8n's administrator may keep nodes out of parts of the file system. Throws `INPUT` naming the field and the path. */
export function refuseBlocked(node: IExecuteFunctions, field: string, path: ResolvedFilePath): void {
  if (!node.helpers.isFilePathBlocked(path)) return;
  throw new DeployError('INPUT', `${field}: n8n’s file access settings close ${path} to nodes.`, {
    description:
      'n8n 2 opens what its environment variable N8N_RESTRICT_FILE_ACCESS_TO lists, ~/.n8n-files when that is not set, and ' +
      'never its own folder or a .git. Choose a directory there, leave it out with Exclude, or have it added to that list ' +
      '(separated by “;”, read when n8n starts).',
  });
}
