import type { IExecuteFunctions } from 'n8n-workflow';

import type { Holder } from '../shared/contract/records';
import { callerOf } from './agents';

/** Who asks for an operation: shown to others while it is at work, and written into the engine's history. */
export function whoAsks(node: IExecuteFunctions, operation: string): Holder {
  const user = userOf(node);
  return {
    workflow: node.getWorkflow().name,
    execution: node.getExecutionId(),
    operation,
    ...(user !== undefined && { user }),
    ...(callerOf(node) === 'agent' && { agent: true }),
  };
}

/** The id of the person whose n8n account runs it. n8n knows it of manual runs, and tells it outside its types. */
function userOf(node: IExecuteFunctions): string | undefined {
  const { additionalData } = node as { additionalData?: { userId?: unknown } };
  const user = additionalData?.userId;
  return typeof user === 'string' && user !== '' ? user : undefined;
}
