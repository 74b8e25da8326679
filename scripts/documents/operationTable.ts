import { OPERATIONS } from '../../nodes/operations';
import type { Operation } from '../../nodes/n8n/operation';
import { cell, code, markdownTable } from './markdown';

/** The operations of a node, by the name of its folder. Throws RangeError where there is no such node. */
export function operationsOf(node: string): readonly Operation[] {
  const operations = new Map(Object.entries(OPERATIONS)).get(node);
  if (!operations) throw new RangeError(`There is no node ${node} with operations`);
  return operations;
}

/** A table of them. */
export function operationTable(node: string): string {
  const rows = operationsOf(node).map(({ name, value, description, changes }) => [
    `**${name}**<br>${code(value)}`,
    changes ? 'yes' : 'no',
    `${cell(description)}.`,
  ]);
  return markdownTable(['Operation', 'Changes the engine', 'What it does'], rows);
}
