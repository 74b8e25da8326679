import type { INodeProperties } from 'n8n-workflow';

import { allowAgentsField } from '../n8n/agents';
import { checkFields } from '../n8n/checkFields';
import {
  commonOptions,
  engineFields,
  entrypointField,
  n8nHealthOption,
  reportOption,
  retentionOptions,
  simplifyField,
} from '../n8n/fields';
import { LEAST_WAIT_SECONDS } from '../shared/detach';

const forRollback = { show: { operation: ['rollback'] } };

const operation: INodeProperties = {
  displayName: 'Operation',
  name: 'operation',
  type: 'options',
  noDataExpression: true,
  options: [
    {
      name: 'Get Many Releases',
      value: 'getAll',
      action: 'Get many releases',
      description: 'The releases that are kept: what they are, since when, and how many extractions run each',
    },
    {
      name: 'Prune Releases',
      value: 'prune',
      action: 'Prune releases',
      description: 'Remove old releases and backups; the live, the previous and running ones stay',
    },
    {
      name: 'Return to Plain Directory',
      value: 'detach',
      action: 'Return an engine to a plain directory',
      description:
        'Turn links and launcher back into the files of the live release, as before the first deployment',
    },
    {
      name: 'Roll Back Release',
      value: 'rollback',
      action: 'Roll back a release',
      description: 'Make an earlier release, or the content of a backup, the live one',
    },
  ],
  default: 'rollback',
};

const target: INodeProperties = {
  displayName: 'Target',
  name: 'target',
  type: 'options',
  options: [
    {
      name: 'Backup',
      value: 'backup',
      description: 'The content of a backup archive, checked like any new version',
    },
    {
      name: 'Previous Release',
      value: 'previous',
      description: 'What was live before; twice goes forth and back',
    },
    { name: 'Release', value: 'release', description: 'A release that is still kept' },
  ],
  default: 'previous',
  description: 'Where to go back to',
  displayOptions: forRollback,
};

/** What returning to a plain directory can be told. */
const detachOptions: INodeProperties[] = [
  {
    displayName: 'Extraction Wait (Seconds)',
    name: 'extractionWaitSeconds',
    type: 'number',
    default: 0,
    typeOptions: { minValue: 0 },
    description: `How long to wait for extractions that run releases; with 0 it is refused while there are any. Once files are exchanged, the wait is ${LEAST_WAIT_SECONDS} s at least, for extractions that start in that instant.`,
  },
  {
    displayName: 'Go On Without Packages',
    name: 'withoutPackages',
    type: 'boolean',
    default: false,
    description:
      'Whether to go on although the engine’s own interpreter lacks packages that the live release has in its environment',
  },
  {
    displayName: 'Remove History and Backups',
    name: 'removeHistory',
    type: 'boolean',
    default: false,
    description: 'Whether to remove backups, history and the originals of the adoption, too',
  },
];

const options: INodeProperties = {
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add Option',
  default: {},
  options: [
    ...commonOptions,
    ...retentionOptions.map((option) => ({
      ...option,
      displayOptions: { show: { '/operation': ['prune'] } },
    })),
    ...detachOptions.map((option) => ({
      ...option,
      displayOptions: { show: { '/operation': ['detach'] } },
    })),
    ...[n8nHealthOption, reportOption].map((option) => ({
      ...option,
      displayOptions: { show: { '/operation': ['rollback'] } },
    })),
  ],
};

/** Everything the node asks for, in the order in which a person thinks of it. */
export const properties: INodeProperties[] = [
  operation,
  allowAgentsField(['rollback', 'prune', 'detach']),
  ...engineFields,
  target,
  locator('Release', 'release', 'searchReleases', '20261123-171501-3f2a9c1'),
  locator('Backup', 'backup', 'searchBackups', 'hot-backup-20261123-171501.tar.gz'),
  { ...entrypointField, displayOptions: { show: { operation: ['rollback', 'detach'] } } },
  { ...checkFields, displayOptions: forRollback },
  { ...simplifyField, displayOptions: forRollback },
  options,
];

/** A field that lists what is kept on the engine's side, and takes a name as well. */
function locator(
  displayName: string,
  name: string,
  searchListMethod: string,
  example: string,
): INodeProperties {
  return {
    displayName,
    name,
    type: 'resourceLocator',
    default: { mode: 'list', value: '' },
    required: true,
    description: `Which ${displayName.toLowerCase()} to go back to`,
    modes: [
      {
        displayName: 'From List',
        name: 'list',
        type: 'list',
        // A local engine needs no credential; the list itself says when one is missing.
        typeOptions: { searchListMethod, searchable: true, skipCredentialsCheckInRLC: true },
      },
      { displayName: 'By Name', name: 'id', type: 'string', placeholder: example },
    ],
    displayOptions: { show: { operation: ['rollback'], target: [name] } },
  };
}
