/** Files that an item carries, as runs of the engine are given them. */
import { extname } from 'node:path';
import { Readable } from 'node:stream';

import { DeployError, toDeployError } from '../shared/errors';
import type { InputFile } from '../shared/replay/replaySettings';
import type { ItemContext } from './item';

type Item = Pick<ItemContext, 'node' | 'itemIndex'>;

/** The file in one of an item's binary fields. Throws `INPUT` where it has none there. */
export function itemFile({ node, itemIndex }: Item, property: string): InputFile {
  const binary = binaryOf({ node, itemIndex }, property);
  return {
    name: safeName(binary.fileName ?? property),
    open: async () =>
      binary.id
        ? node.helpers.getBinaryStream(binary.id)
        : Readable.from([await node.helpers.getBinaryDataBuffer(itemIndex, property)]),
  };
}

/** Those in some of them; in all, where none is named. */
export function itemFiles(item: Item, properties: readonly string[]): InputFile[] {
  const carried = Object.keys(item.node.getInputData()[item.itemIndex]?.binary ?? {});
  return (properties.length > 0 ? properties : carried).map((property) => itemFile(item, property));
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

function binaryOf({ node, itemIndex }: Item, property: string) {
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
