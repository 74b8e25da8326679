import { Readable } from 'node:stream';

import type { IExecuteFunctions } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import { openArchive } from '../shared/source/archive';
import type { Bundle, Selection } from '../shared/source/bundle';
import { openDirectory } from '../shared/source/directory';
import type { ItemContext } from './runItems';
import { readText } from './values';

/** Opens the source that an item names. The caller closes the bundle. */
export async function openSource(item: ItemContext, selection: Selection): Promise<Bundle> {
  const source = item.read('source', 'directory');
  if (source === 'directory') return openFolder(item, selection);
  if (source === 'binary') return openBinary(item, selection);
  throw new DeployError('INPUT', `Source is ${JSON.stringify(source)}. Choose one of: directory, binary.`);
}

async function openFolder({ node, read, signal }: ItemContext, selection: Selection): Promise<Bundle> {
  const directory = readText('Source Directory', read('sourceDirectory', '')).trim();
  if (!directory.startsWith('/')) {
    throw new DeployError(
      'INPUT',
      `Source Directory is ${JSON.stringify(directory)}. Give the absolute path of a directory on n8n’s machine.`,
    );
  }
  await refuseBlocked(node, directory);
  return openDirectory({ directory, selection, signal });
}

/** n8n's administrator may keep nodes out of parts of the file system (N8N_RESTRICT_FILE_ACCESS_TO and others). */
async function refuseBlocked(node: IExecuteFunctions, directory: string): Promise<void> {
  let blocked: boolean;
  try {
    blocked = node.helpers.isFilePathBlocked(await node.helpers.resolvePath(directory));
  } catch {
    // What can't be resolved doesn't exist; opening it says so.
    return;
  }
  if (!blocked) return;
  throw new DeployError(
    'INPUT',
    `Source Directory ${directory} is closed to nodes by n8n’s file access settings.`,
    {
      description: 'Choose another one, or have it added to N8N_RESTRICT_FILE_ACCESS_TO.',
    },
  );
}

function openBinary({ node, itemIndex, read, signal }: ItemContext, selection: Selection): Promise<Bundle> {
  const property = readText('Input Binary Field', read('binaryProperty', 'data')).trim();
  const binary = node.helpers.assertBinaryData(itemIndex, property);
  const open = async () => {
    if (binary.id) return node.helpers.getBinaryStream(binary.id);
    return Readable.from(await node.helpers.getBinaryDataBuffer(itemIndex, property), { objectMode: false });
  };
  return openArchive({ open, name: binary.fileName, selection, signal });
}
