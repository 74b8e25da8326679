import { choice, type Field, type ReadParameter } from '../n8n/field';
import { readText } from '../n8n/values';
import { DeployError } from '../shared/errors';
import type { RollbackTarget } from '../shared/operations/rollback';

const target = choice(['previous', 'release', 'backup'], {
  displayName: 'Target',
  name: 'target',
  options: [
    {
      name: 'Backup',
      value: 'backup',
      description: 'The content of a backup archive, checked like any new version',
    },
    {
      name: 'Previous Release',
      value: 'previous',
      description: 'What was live before; rolling back twice returns to what is live now',
    },
    { name: 'Release', value: 'release', description: 'A release that is still kept' },
  ],
  default: 'previous',
  description: 'Where to go back to',
});

const release = locator({
  displayName: 'Release',
  name: 'release',
  searchListMethod: 'searchReleases',
  example: '20261123-171501-3f2a9c1',
});

const backup = locator({
  displayName: 'Backup',
  name: 'backup',
  searchListMethod: 'searchBackups',
  example: 'hot-backup-20261123-171501.tar.gz',
});

/** Where to go back to. */
export const targetFields = [target, release, backup];

/** What the item's parameters name. Throws `INPUT` where they name nothing. */
export function readTarget(read: ReadParameter): RollbackTarget {
  const kind = target.read(read);
  if (kind === 'release') return { target: kind, release: release.read(read) };
  if (kind === 'backup') return { target: kind, backup: backup.read(read) };
  return { target: kind };
}

interface Locator {
  displayName: string;
  name: string;
  searchListMethod: string;
  example: string;
}

/** A field that lists what is kept on the engine's side, and takes a name as well. */
function locator({ displayName, name, searchListMethod, example }: Locator): Field<string> {
  return {
    place: 'form',
    property: {
      displayName,
      name,
      type: 'resourceLocator',
      default: { mode: 'list', value: '' },
      required: true,
      description: `Which ${displayName.toLowerCase()} to go back to`,
      modes: [
        {
          displayName: 'From List',
          name: 'list',
          type: 'list',
          // A local engine needs no credential; the list itself says when one is missing.
          typeOptions: { searchListMethod, searchable: true, skipCredentialsCheckInRLC: true },
        },
        { displayName: 'By Name', name: 'id', type: 'string', placeholder: example },
      ],
      displayOptions: { show: { target: [name] } },
    },
    read(get, called = displayName) {
      const chosen = readText(called, get(name, '', { extractValue: true })).trim();
      if (chosen) return chosen;
      throw new DeployError('INPUT', `${called} is empty. Choose one from the list, or give its name.`);
    },
  };
}
