import { type IDataObject, type INode, NodeOperationError } from 'n8n-workflow';

import type { DeployError } from '../shared/errors';
import { asHtml } from './asHtml';
import { failureOf } from './failureCause';

/**
 * The error as n8n shows it: the sentence, the next step and, where there is one, the item. Error workflows find in
 * `context.data` what the error output would have in `details`.
 */
export function toNodeError(node: INode, error: DeployError, itemIndex?: number): NodeOperationError {
  const { message } = error;
  const { description } = error;
  const failure = failureOf(error);
  const nodeError = new NodeOperationError(node, error, {
    ...(itemIndex !== undefined && { itemIndex }),
    ...(description !== undefined && { description: asHtml(description) }),
    ...(failure && { failure }),
  });
  // n8n replaces the whole sentence when it holds a system code such as ENOENT anywhere, in a check's output for one.
  nodeError.message = message;
  nodeError.messages = [];
  nodeError.context.data = detailsOf(error);
  return nodeError;
}

/** Names that mean something in an item or to JavaScript: nothing that is known of a failure is called so. */
const NOT_DETAILS = ['code', 'error', 'message', 'description', '__proto__'];

/** What a machine can read of it: the code, and what is known of the operation and of what is live. */
export function detailsOf({ code, details }: DeployError): IDataObject {
  const known = Object.entries(JSON.parse(JSON.stringify(details)) as IDataObject);
  return { code, ...Object.fromEntries(known.filter(([name]) => !NOT_DETAILS.includes(name))) };
}
