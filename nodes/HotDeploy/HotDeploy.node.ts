import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { hotDeployGitApiTest } from '../n8n/gitCredentialTest';
import { searchReleases } from '../n8n/listSearch';
import { runItems } from '../n8n/runItems';
import { hotDeploySshApiTest } from '../n8n/sshCredentialTest';
import { HARMLESS } from '../operations';
import { properties, subtitle } from './description';
import { operations } from './operations';
import { configuredOutputs, toOutputs } from './outputs';

export class HotDeploy implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Hot Deploy',
    name: 'hotDeploy',
    icon: { light: 'file:hotDeploy.svg', dark: 'file:hotDeploy.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle,
    description:
      'Update a Python engine with zero downtime: checked aside, switched atomically, undone when bad',
    defaults: { name: 'Hot Deploy' },
    // For looking and planning; what changes production is refused to agents unless it is switched on: n8n/agents.ts.
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: `={{ (${configuredOutputs})($parameter) }}`,
    credentials: [
      {
        name: 'hotDeploySshApi',
        required: true,
        testedBy: 'hotDeploySshApiTest',
        displayOptions: { show: { connection: ['ssh'] } },
      },
      {
        name: 'hotDeployGitApi',
        required: true,
        testedBy: 'hotDeployGitApiTest',
        displayOptions: { show: { source: ['git'], repositoryAccess: ['credential'] } },
      },
      {
        name: 'hotDeployPackageIndexApi',
        required: true,
        displayOptions: {
          show: { packageIndex: ['credential'], dependencies: ['virtualEnvironment', 'interpreter'] },
        },
      },
    ],
    properties,
  };

  methods = {
    credentialTest: { hotDeploySshApiTest, hotDeployGitApiTest },
    listSearch: { searchReleases },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return toOutputs(this, await runItems(this, { operations, harmless: HARMLESS }));
  }
}
