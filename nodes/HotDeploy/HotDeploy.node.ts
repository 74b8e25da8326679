import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { hotDeploySshApiTest } from '../n8n/sshCredentialTest';
import { hotDeployGitApiTest } from '../n8n/gitCredentialTest';
import { type Operations, runItems } from '../n8n/runItems';
import { properties } from './description';
import { deployRelease } from './operations/deploy';
import { planRelease } from './operations/plan';
import { repair } from './operations/repair';
import { readStatus } from './operations/status';
import { configuredOutputs, toOutputs } from './outputs';

const OPERATIONS: Operations = {
  deploy: deployRelease,
  plan: planRelease,
  repair,
  status: readStatus,
};

export class HotDeploy implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Hot Deploy',
    name: 'hotDeploy',
    icon: { light: 'file:hotDeploy.svg', dark: 'file:hotDeploy.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle:
      '={{ ({ deploy: "Deploy Release", plan: "Plan Deployment", repair: "Repair Engine", status: "Get Status" })[$parameter["operation"]] + ": " + $parameter["basePath"] }}',
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

  methods = { credentialTest: { hotDeploySshApiTest, hotDeployGitApiTest } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return toOutputs(this, await runItems(this, OPERATIONS));
  }
}
