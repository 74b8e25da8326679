import { DeployError, toDeployError } from '../errors';
import { withoutEnd } from '../scan';
import { checkEntryPath } from '../source/paths';

/** A directory inside a repository, cleaned up; empty for its top. Throws `INPUT` for what leads out of it. */
export function checkSubdirectory(given: string): string {
  const text = withoutEnd(given.trim().replace(/^\.\//, ''), '/');
  if (text === '' || text === '.') return '';
  try {
    return checkEntryPath(text);
  } catch (error) {
    throw toDeployError(
      new DeployError('INPUT', `Subdirectory ${JSON.stringify(given)} is not a path inside the repository.`, {
        description: 'Give one such as services/engine, or leave it empty for the repository’s top.',
        cause: error,
      }),
    );
  }
}
