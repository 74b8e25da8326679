import { Readable } from 'node:stream';

import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';

import { trimmed } from '../../n8n/field';
import type { ItemContext } from '../../n8n/item';
import { DeployError, toDeployError } from '../../shared/errors';
import { openArchive } from '../../shared/source/archive';
import type { Bundle, Selection } from '../../shared/source/bundle';
import { readLimits } from './limitFields';

export const binaryProperty = trimmed({
  displayName: 'Input Binary Field',
  name: 'binaryProperty',
  default: 'data',
  required: true,
  hint: 'The name of the input field that contains the archive',
  description: 'A leading folder that all entries share is left out',
  displayOptions: { show: { source: ['binary'] } },
});

/** Reads an archive that the input item carries. */
export function openBinary(item: ItemContext, selection: Selection): Promise<Bundle> {
  const { node, itemIndex, read, signal } = item;
  const property = binaryProperty.read(read);
  const binary = binaryOf(node, itemIndex, property);
  const open = async () => {
    if (binary.id) return node.helpers.getBinaryStream(binary.id);
    return Readable.from(await node.helpers.getBinaryDataBuffer(itemIndex, property), { objectMode: false });
  };
  return openArchive({ open, name: binary.fileName, selection, limits: readLimits(read), signal });
}

function binaryOf(node: IExecuteFunctions, itemIndex: number, property: string): IBinaryData {
  try {
    return node.helpers.assertBinaryData(itemIndex, property);
  } catch (error) {
    throw toDeployError(noBinary(property, error));
  }
}

function noBinary(property: string, cause: unknown): DeployError {
  return new DeployError('INPUT', `Input Binary Field “${property}” is not in the input item.`, {
    description:
      'Name the field that holds the archive, or let a node before this one fetch it, such as HTTP Request or Read/Write Files from Disk.',
    cause,
  });
}
