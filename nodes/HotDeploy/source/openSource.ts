import { choice } from '../../n8n/field';
import type { ItemContext } from '../../n8n/item';
import type { Bundle, Selection } from '../../shared/source/bundle';
import type { Source } from '../../shared/source/source';
import { binaryProperty, openBinary } from './binarySource';
import { openFolder, sourceDirectory } from './directorySource';
import { gitFields, openRepository } from './gitSource';

const source = choice(['directory', 'binary', 'git'], {
  displayName: 'Source',
  name: 'source',
  options: [
    { name: 'Archive (Binary Data)', value: 'binary', description: 'A tar or tar.gz in the input item' },
    { name: 'Directory', value: 'directory', description: 'A directory on n8n’s own machine' },
    { name: 'Git', value: 'git', description: 'A commit of a Git repository' },
  ],
  default: 'directory',
  description: 'Where the new version comes from',
});

/** Where the new version comes from. */
export const sourceFields = [source, sourceDirectory, binaryProperty, ...gitFields];

const OPENERS = { directory: openFolder, binary: openBinary, git: openRepository };

/** Opens the source that an item names; a directory or archive is read, of Git only the commit is found. The caller closes it. */
export async function openSource(item: ItemContext, selection: Selection): Promise<Source | Bundle> {
  return OPENERS[source.read(item.read)](item, selection);
}
