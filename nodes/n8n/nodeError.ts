import { type IDataObject, type INode, NodeOperationError } from 'n8n-workflow';

import type { DeployError } from '../shared/errors';
import { failureOf } from './failureCause';

/**
 * The error as n8n shows it: the sentence, the next step and, where there is one, the item. Error workflows find in
 * `context.data` what the error output would have in `details`.
 */
export function toNodeError(node: INode, error: DeployError, itemIndex?: number): NodeOperationError {
  const { message } = error;
  const description = error.description && asHtml(error.description);
  const nodeError = new NodeOperationError(node, error, {
    itemIndex,
    description,
    failure: failureOf(error),
  });
  // n8n replaces the whole sentence when it holds a system code such as ENOENT anywhere, in a check's output for one.
  nodeError.message = message;
  nodeError.messages = [];
  nodeError.context.data = detailsOf(error);
  return nodeError;
}

/** What a machine can read of it: the code, and what is known of the operation and of what is live. */
export function detailsOf({ code, details }: DeployError): IDataObject {
  return { code, ...(JSON.parse(JSON.stringify(details)) as IDataObject) };
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '<br>',
};

/** The editor shows a description as HTML: what a check printed must come out as its text, and be no link. */
function asHtml(text: string): string {
  return text.replace(/[&<>"\n]/g, (character) => ENTITIES[character]);
}
