import { Readable } from 'node:stream';

import { choice, trimmed } from '../../n8n/field';
import type { ItemContext } from '../../n8n/item';
import { itemFile } from '../../n8n/itemFile';
import type { RunInput } from '../../shared/run/request';

const input = choice(['none', 'binary', 'json'], {
  displayName: 'Input',
  name: 'input',
  options: [
    { name: 'Binary Data', value: 'binary', description: 'A file that the item carries' },
    { name: 'JSON', value: 'json', description: 'The item’s JSON' },
    { name: 'None', value: 'none', description: 'Nothing but the arguments' },
  ],
  default: 'none',
  description: 'What the run is given to read',
});

const binaryProperty = trimmed({
  displayName: 'Input Binary Field',
  name: 'binaryProperty',
  default: 'data',
  required: true,
  hint: 'The name of the input field that contains the file',
  description: 'The run gets it under its own name, since engines call their output by that',
  displayOptions: { show: { input: ['binary'] } },
});

const passInput = choice(['file', 'stdin'], {
  displayName: 'Pass Input As',
  name: 'passInput',
  options: [
    {
      name: 'File',
      value: 'file',
      description:
        'A file of the run’s own, which {inputFile} in the arguments stands for, and which goes with it',
    },
    { name: 'Standard Input', value: 'stdin', description: 'What the engine reads from sys.stdin' },
  ],
  default: 'file',
  description: 'How the run gets it',
  displayOptions: { show: { input: ['binary', 'json'] } },
});

/** What the run reads. */
export const inputFields = [input, binaryProperty, passInput];

/** The item's input. Throws `INPUT` where it has no such binary data. */
export function readInput({ node, itemIndex, read }: ItemContext): RunInput {
  const kind = input.read(read);
  if (kind === 'none') return { kind };
  const pass = passInput.read(read);
  if (kind === 'json') {
    const text = JSON.stringify(node.getInputData()[itemIndex]?.json ?? {});
    return {
      kind: 'content',
      pass,
      name: 'input.json',
      open: async () => Readable.from([Buffer.from(text)]),
    };
  }
  return { kind: 'content', pass, ...itemFile({ node, itemIndex }, binaryProperty.read(read)) };
}
