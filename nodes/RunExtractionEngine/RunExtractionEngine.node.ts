import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { searchReleases } from '../n8n/listSearch';
import { runItems } from '../n8n/runItems';
import { hotDeploySshApiTest } from '../n8n/sshCredentialTest';
import { HARMLESS } from '../operations';
import { properties, subtitle } from './description';
import { operations } from './operations';
import { hotDeployEngineSecretsApiTest } from './secretsTest';

export class RunExtractionEngine implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Run Extraction Engine',
    name: 'runExtractionEngine',
    icon: { light: 'file:runExtractionEngine.svg', dark: 'file:runExtractionEngine.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle,
    description: 'Run a Python engine: pinned to a release, bounded, and observed to its end',
    defaults: { name: 'Run Extraction Engine' },
    // For listing; what changes production is refused to agents unless it is switched on: n8n/agents.ts.
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [
      {
        name: 'hotDeploySshApi',
        required: true,
        testedBy: 'hotDeploySshApiTest',
        displayOptions: { show: { connection: ['ssh'] } },
      },
      {
        name: 'hotDeployEngineSecretsApi',
        testedBy: 'hotDeployEngineSecretsApiTest',
        displayOptions: { show: { operation: ['run'] } },
      },
    ],
    properties,
  };

  methods = {
    credentialTest: { hotDeploySshApiTest, hotDeployEngineSecretsApiTest },
    listSearch: { searchReleases },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return runItems(this, { operations, harmless: HARMLESS });
  }
}
