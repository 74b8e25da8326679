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
];
