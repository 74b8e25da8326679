import { choice, text } from '../../n8n/field';
import { refuseBlocked, resolvePath } from '../../n8n/fileAccess';
import { gitCredentials } from '../../n8n/gitCredential';
import type { ItemContext } from '../../n8n/item';
import { cacheDirectory } from '../../shared/git/cache';
import { openGit } from '../../shared/git/commitSource';
import type { Selection } from '../../shared/source/bundle';
import type { Source } from '../../shared/source/source';
import { readLimits } from './limitFields';

const GIT_CREDENTIAL = 'hotDeployGitApi';

const forGit = { show: { source: ['git'] } };

const repository = text({
  displayName: 'Repository',
  name: 'repository',
  default: '',
  // Not `required`: n8n would want it filled in whenever Source is an expression, whatever that yields.
  placeholder: 'https://github.com/acme/engine.git',
  description:
    'Address of the repository: https://, ssh://, git@host:path, or file:// for one on n8n’s machine',
  displayOptions: forGit,
});

const repositoryAccess = choice(['public', 'credential'], {
  displayName: 'Repository Access',
  name: 'repositoryAccess',
  options: [
    {
      name: 'Credential',
      value: 'credential',
      description: 'A token, a user and password, or a deploy key',
    },
    { name: 'Public', value: 'public', description: 'Anybody may read the repository' },
  ],
  default: 'public',
  description: 'How the repository is opened',
  displayOptions: forGit,
});

const reference = text({
  displayName: 'Reference',
  name: 'reference',
  default: '',
  placeholder: 'main',
  description: 'Branch, tag, or full or short ID of a commit; empty takes the repository’s default branch',
  displayOptions: forGit,
});

const subdirectory = text({
  displayName: 'Subdirectory',
  name: 'subdirectory',
  default: '',
  placeholder: 'services/engine',
  description: 'Directory of the repository that holds the engine; empty takes its top',
  displayOptions: forGit,
});

export const gitFields = [repository, repositoryAccess, reference, subdirectory];

/** Opens the commit that an item names. It is found at once; the caller closes the source. */
export async function openRepository(
  { node, itemIndex, read, signal }: ItemContext,
  selection: Selection,
): Promise<Source> {
  const access = repositoryAccess.read(read);
  return openGit({
    repository: repository.read(read),
    reference: reference.read(read),
    subdirectory: subdirectory.read(read),
    credentials:
      access === 'credential'
        ? gitCredentials(await node.getCredentials(GIT_CREDENTIAL, itemIndex))
        : undefined,
    selection,
    limits: readLimits(read),
    cache: cacheDirectory(process.env),
    allowFile: async (directory) =>
      refuseBlocked(node, 'Repository', await resolvePath(node, withoutGitDirectory(directory))),
    signal,
  });
}

/** n8n closes `.git` to nodes, so that nobody writes hooks into it: reading it is as allowed as reading what it is of. */
function withoutGitDirectory(directory: string): string {
  const at = `${directory}/`.indexOf('/.git/');
  return at < 0 ? directory : directory.slice(0, at);
}
