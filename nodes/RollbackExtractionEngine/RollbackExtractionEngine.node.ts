import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { runItems } from '../n8n/runItems';
import { hotDeploySshApiTest } from '../n8n/sshCredentialTest';
import { HARMLESS } from '../operations';
import { properties, subtitle } from './description';
import { searchBackups, searchReleases } from '../n8n/listSearch';
import { operations } from './operations';

export class RollbackExtractionEngine implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Rollback Extraction Engine',
    name: 'rollbackExtractionEngine',
    icon: { light: 'file:rollbackExtractionEngine.svg', dark: 'file:rollbackExtractionEngine.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle,
    description: 'Take a Python engine back to an earlier release or a backup in a second',
    defaults: { name: 'Rollback Extraction Engine' },
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
    ],
    properties,
  };

  methods = { credentialTest: { hotDeploySshApiTest }, listSearch: { searchReleases, searchBackups } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return runItems(this, { operations, harmless: HARMLESS });
  }
}
