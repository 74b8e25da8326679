import { OPERATIONS } from '../../nodes/operations';
import { cell, code, markdownTable } from './markdown';

/** The operations of a node, by the name of its folder. */
export function operationTable(node: string): string {
  const rows = OPERATIONS[node].map(({ name, value, description, changes }) => [
    `**${name}**<br>${code(value)}`,
    changes ? 'yes' : 'no',
    `${cell(description)}.`,
  ]);
  return markdownTable(['Operation', 'Changes the engine', 'What it does'], rows);
}
