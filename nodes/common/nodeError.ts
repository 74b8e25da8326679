import { type INode, NodeOperationError } from 'n8n-workflow';

import type { DeployError } from '../shared/errors';

/** The error as n8n shows it: the sentence, the next step and, where there is one, the item. */
export function toNodeError(node: INode, error: DeployError, itemIndex?: number): NodeOperationError {
  const { message } = error;
  const description = error.description && asHtml(error.description);
  const nodeError = new NodeOperationError(node, message, { itemIndex, description });
  // n8n replaces the whole sentence when it holds a system code such as ENOENT anywhere, in a check's output for one.
  nodeError.message = message;
  return nodeError;
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
