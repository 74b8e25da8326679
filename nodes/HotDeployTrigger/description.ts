import type { INodeProperties } from 'n8n-workflow';

import { selectionFields } from '../n8n/fields';

const INCLUDE_MEANING: Readonly<Record<string, string>> = {
  include:
    'The same as in Hot Deploy: a push that changes none of these paths needs no deployment. Names and globs, separated by commas or lines.',
  exclude: 'The same as in Hot Deploy: what of that is not deployed',
};

const forge: INodeProperties = {
  displayName: 'Forge',
  name: 'forge',
  type: 'options',
  noDataExpression: true,
  options: [
    {
      name: 'Automatic',
      value: 'automatic',
      description: 'By the headers of each request; every forge has to use the same secret',
    },
    { name: 'Bitbucket Cloud', value: 'bitbucket' },
    { name: 'Gitea or Forgejo', value: 'gitea' },
    { name: 'GitHub', value: 'github' },
    { name: 'GitLab', value: 'gitlab' },
  ],
  default: 'automatic',
  description: 'Whose webhooks are let in',
};

const options: INodeProperties = {
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add Option',
  default: {},
  options: [
    {
      displayName: 'Branches Are Never Force-Pushed',
      name: 'neverForced',
      type: 'boolean',
      default: false,
      description:
        'Whether to trust the paths that GitLab and Gitea list. They don’t say whether a push was forced and took commits away; turn it on when the chosen branches are protected against that.',
    },
    {
      displayName: 'Emit Every Push',
      name: 'emitAll',
      type: 'boolean',
      default: false,
      description:
        'Whether to start the workflow also for pushes that need no deployment, with the field deploy standard or none',
    },
  ],
};

/** Everything the trigger asks for. */
export const properties: INodeProperties[] = [
  {
    displayName:
      'Add a webhook for pushes in the forge: the URL above, the content type application/json, and the secret of the credential. No access token is needed.',
    name: 'setupNotice',
    type: 'notice',
    default: '',
  },
  forge,
  {
    displayName: 'Repositories',
    name: 'repositories',
    type: 'string',
    typeOptions: { rows: 2 },
    default: '',
    required: true,
    placeholder: 'https://github.com/owner/name.git',
    description:
      'Whose pushes are let in: addresses separated by commas or lines, such as git@host:owner/name.git or host/owner/name. The output has the address as it is written here.',
  },
  {
    displayName: 'References',
    name: 'references',
    type: 'string',
    default: 'main',
    required: true,
    placeholder: 'main, release/*, refs/tags/v*',
    description:
      'Branches or tags that are acted on: names and globs, separated by commas or lines. * stays within a part of a name, ** spans several; refs/heads/… and refs/tags/… mean just that.',
  },
  {
    displayName: 'Reference Kinds',
    name: 'referenceKinds',
    type: 'multiOptions',
    options: [
      { name: 'Branches', value: 'branch' },
      { name: 'Tags', value: 'tag' },
    ],
    default: ['branch'],
    description:
      'What References names. A tag can have the name of a protected branch, so choose tags only where they are wanted.',
  },
  ...selectionFields.map((field) => ({ ...field, description: INCLUDE_MEANING[field.name] })),
  {
    displayName: 'Subdirectory',
    name: 'subdirectory',
    type: 'string',
    default: '',
    placeholder: 'engine',
    description: 'Directory of the repository that holds the engine, if it is not its root',
  },
  options,
];
