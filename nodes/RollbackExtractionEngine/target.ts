import { choice, type ReadParameter } from '../n8n/field';
import { locator, required } from '../n8n/locator';
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

const release = required(
  locator({
    displayName: 'Release',
    name: 'release',
    description: 'Which release to go back to',
    searchListMethod: 'searchReleases',
    example: '20261123-171501-3f2a9c1',
    show: { target: ['release'] },
  }),
);

const backup = required(
  locator({
    displayName: 'Backup',
    name: 'backup',
    description: 'Which backup to go back to',
    searchListMethod: 'searchBackups',
    example: 'hot-backup-20261123-171501.tar.gz',
    show: { target: ['backup'] },
  }),
);

/** Where to go back to. */
export const targetFields = [target, release, backup];

/** What the item's parameters name. Throws `INPUT` where they name nothing. */
export function readTarget(read: ReadParameter): RollbackTarget {
  const kind = target.read(read);
  if (kind === 'release') return { target: kind, release: release.read(read) };
  if (kind === 'backup') return { target: kind, backup: backup.read(read) };
  return { target: kind };
}
