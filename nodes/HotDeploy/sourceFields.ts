import type { INodeProperties } from 'n8n-workflow';

/** Where the new version comes from. */
export const sourceFields: INodeProperties[] = [
  {
    displayName: 'Source',
    name: 'source',
    type: 'options',
    options: [
      { name: 'Archive (Binary Data)', value: 'binary', description: 'A tar or tar.gz in the input item' },
      { name: 'Directory', value: 'directory', description: 'A directory on n8n’s own machine' },
      { name: 'Git', value: 'git', description: 'A commit of a Git repository' },
    ],
    default: 'directory',
    description: 'Where the new version comes from',
  },
  {
    displayName: 'Source Directory',
    name: 'sourceDirectory',
    type: 'string',
    default: '',
    required: true,
    placeholder: '/files/engine',
    description: 'Directory on n8n’s machine that holds the new version',
    displayOptions: { show: { source: ['directory'] } },
  },
  {
    displayName: 'Input Binary Field',
    name: 'binaryProperty',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the input field that contains the archive',
    description: 'A leading folder that all entries share is left out',
    displayOptions: { show: { source: ['binary'] } },
  },
  {
    displayName: 'Repository',
    name: 'repository',
    type: 'string',
    default: '',
    // Not `required`: n8n would want it filled in whenever Source is an expression, whatever that yields.
    placeholder: 'https://github.com/acme/engine.git',
    description:
      'Address of the repository: https://, ssh://, git@host:path, or file:// for one on n8n’s machine',
    displayOptions: { show: { source: ['git'] } },
  },
  {
    displayName: 'Repository Access',
    name: 'repositoryAccess',
    type: 'options',
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
    displayOptions: { show: { source: ['git'] } },
  },
  {
    displayName: 'Reference',
    name: 'reference',
    type: 'string',
    default: '',
    placeholder: 'main',
    description: 'Branch, tag, or full or short ID of a commit; empty takes the repository’s default branch',
    displayOptions: { show: { source: ['git'] } },
  },
  {
    displayName: 'Subdirectory',
    name: 'subdirectory',
    type: 'string',
    default: '',
    placeholder: 'services/engine',
    description: 'Directory of the repository that holds the engine; empty takes its top',
    displayOptions: { show: { source: ['git'] } },
  },
];
