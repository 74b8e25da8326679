import { extname } from 'node:path';
import { Readable } from 'node:stream';

import { choice, trimmed } from '../../n8n/field';
import type { ItemContext } from '../../n8n/item';
import { DeployError, toDeployError } from '../../shared/errors';
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
  const property = binaryProperty.read(read);
  const binary = binaryOf({ node, itemIndex }, property);
  return {
    kind: 'content',
    pass,
    name: safeName(binary.fileName ?? property),
    open: async () =>
      binary.id
        ? node.helpers.getBinaryStream(binary.id)
        : Readable.from([await node.helpers.getBinaryDataBuffer(itemIndex, property)]),
  };
}

/** Bytes; engines put something behind it. */
const LONGEST_NAME = 200;
const LONGEST_EXTENSION = 20;
/** The output directory beside it. */
const TAKEN = 'output';

/** The file's own name, since engines call their output by it; but nothing that leads anywhere or hides. */
export function safeName(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const printable = last.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '_').replace(/^\.+/, '');
  const name = shortened(printable);
  return name === TAKEN ? `${name}_` : name || 'input';
}

/** As much of a name as there is room for, with its extension. */
function shortened(given: string): string {
  if (Buffer.byteLength(given) <= LONGEST_NAME) return given;
  const extension = extname(given);
  const end = extension.length <= LONGEST_EXTENSION ? extension : '';
  const kept = Array.from(given.slice(0, given.length - end.length)).slice(0, LONGEST_NAME);
  while (Buffer.byteLength(kept.join('') + end) > LONGEST_NAME) kept.pop();
  return kept.join('') + end;
}

function binaryOf({ node, itemIndex }: Pick<ItemContext, 'node' | 'itemIndex'>, property: string) {
  try {
    return node.helpers.assertBinaryData(itemIndex, property);
  } catch (error) {
    throw toDeployError(
      new DeployError('INPUT', `Input Binary Field “${property}” is not in the input item.`, {
        description: 'Name the field that holds the file, or let a node before this one fetch it.',
        cause: error,
      }),
    );
  }
}
