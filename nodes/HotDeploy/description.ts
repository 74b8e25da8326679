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
  selectionFields,
  simplifyField,
} from '../n8n/fields';
import { DEFAULT_LIMITS } from '../shared/source/bundle';
import { dependencyFields } from './dependencyFields';
import { sourceFields } from './sourceFields';

const operation: INodeProperties = {
  displayName: 'Operation',
  name: 'operation',
  type: 'options',
  noDataExpression: true,
  options: [
    {
      name: 'Deploy Release',
      value: 'deploy',
      action: 'Deploy a release',
      description: 'Bring a new version, check it aside, switch to it, and go back by itself if it is bad',
    },
    {
      name: 'Get Status',
      value: 'status',
      action: 'Get the status of an engine',
      description: 'What is live since when, from which source, and whether somebody edited it by hand',
    },
    {
      name: 'Plan Deployment',
      value: 'plan',
      action: 'Plan a deployment',
      description: 'What deploying would change, without changing anything',
    },
    {
      name: 'Repair Engine',
      value: 'repair',
      action: 'Repair an engine',
      description:
        'Find what a crash, a full disk or a stray hand left, explain it, and put right what is ours',
    },
  ],
  default: 'deploy',
};

const notDeployedOutput: INodeProperties = {
  displayName: 'Not Deployed Output',
  name: 'notDeployedOutput',
  type: 'boolean',
  noDataExpression: true,
  default: false,
  description: 'Whether items that changed nothing come out of a second output of their own',
  displayOptions: { show: { operation: ['deploy'] } },
};

const options: INodeProperties = {
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add Option',
  default: {},
  options: [
    ...commonOptions,
    {
      displayName: 'Create Backup',
      name: 'createBackup',
      type: 'boolean',
      default: true,
      description: 'Whether to keep an archive of what was live, for people and other machines',
      displayOptions: { show: { '/operation': ['deploy'] } },
    },
    {
      displayName: 'Deploy Unchanged',
      name: 'deployUnchanged',
      type: 'boolean',
      default: false,
      description: 'Whether to make and switch to a new release even when its content is what is live',
      displayOptions: { show: { '/operation': ['deploy', 'plan'] } },
    },
    {
      displayName: 'Dry Run',
      name: 'dryRun',
      type: 'boolean',
      default: false,
      description: 'Whether to say what would be done, without changing anything',
      displayOptions: { show: { '/operation': ['repair'] } },
    },
    {
      displayName: 'Expected Digest',
      name: 'expectedDigest',
      type: 'string',
      default: '',
      placeholder: '={{ $json.source.digest }}',
      description:
        'The source.digest of a deployment elsewhere, such as to staging: only the very same bytes are deployed',
      displayOptions: { show: { '/operation': ['deploy'] } },
    },
    {
      displayName: 'Max Files',
      name: 'maxFiles',
      type: 'number',
      default: DEFAULT_LIMITS.maxEntries,
      typeOptions: { minValue: 1 },
      description: 'A source with more files, links and empty directories is refused',
      displayOptions: { show: { '/operation': ['deploy', 'plan'] } },
    },
    {
      displayName: 'Max Size (MB)',
      name: 'maxSizeMegabytes',
      type: 'number',
      default: DEFAULT_LIMITS.maxBytes / 1024 ** 2,
      typeOptions: { minValue: 1 },
      description: 'A source whose content is larger, unpacked, is refused',
      displayOptions: { show: { '/operation': ['deploy', 'plan'] } },
    },
    {
      displayName: 'Plan Digest',
      name: 'planDigest',
      type: 'string',
      default: '',
      placeholder: '={{ $json.planDigest }}',
      description:
        'The planDigest of Plan Deployment: the deployment goes ahead only if the plan would still be the same',
      displayOptions: { show: { '/operation': ['deploy'] } },
    },
    ...[...retentionOptions, n8nHealthOption, reportOption].map((option) => ({
      ...option,
      displayOptions: { show: { '/operation': ['deploy'] } },
    })),
  ],
};

/** Everything the node asks for, in the order in which a person thinks of it. */
export const properties: INodeProperties[] = [
  operation,
  allowAgentsField(['deploy', 'repair']),
  ...engineFields,
  ...sourceFields.map((field) => withOperations(field)),
  ...selectionFields.map((field) => withOperations(field)),
  entrypointField,
  ...dependencyFields,
  withOperations(checkFields, ['deploy', 'plan', 'repair']),
  notDeployedOutput,
  withOperations(simplifyField, ['deploy']),
  options,
];

function withOperations(field: INodeProperties, operation: string[] = ['deploy', 'plan']): INodeProperties {
  return { ...field, displayOptions: { show: { ...field.displayOptions?.show, operation } } };
}
