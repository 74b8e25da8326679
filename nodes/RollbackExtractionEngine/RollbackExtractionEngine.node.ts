import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { hotDeploySshApiTest } from '../n8n/sshCredentialTest';
import { type Operations, runItems } from '../n8n/runItems';
import { properties } from './description';
import { searchBackups, searchReleases } from './methods/listSearch';
import { returnToPlain } from './operations/detach';
import { getManyReleases } from './operations/getAll';
import { pruneKept } from './operations/prune';
import { rollBackRelease } from './operations/rollback';

const OPERATIONS: Operations = {
  rollback: rollBackRelease,
  getAll: getManyReleases,
  prune: pruneKept,
  detach: returnToPlain,
};

export class RollbackExtractionEngine implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Rollback Extraction Engine',
    name: 'rollbackExtractionEngine',
    icon: { light: 'file:rollbackExtractionEngine.svg', dark: 'file:rollbackExtractionEngine.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle:
      '={{ ({ rollback: "Roll Back Release", getAll: "Get Many Releases", prune: "Prune Releases", detach: "Return to Plain Directory" })[$parameter["operation"]] + ": " + $parameter["basePath"] }}',
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
    return runItems(this, OPERATIONS);
  }
}
