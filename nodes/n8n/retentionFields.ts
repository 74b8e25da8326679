import { count, option, type ReadParameter } from './field';

const keepBackups = option(
  count({
    displayName: 'Keep Backups',
    name: 'keepBackups',
    default: 10,
    typeOptions: { minValue: 0 },
    description: 'How many backup archives to keep, the newest first',
  }),
);

const keepReleases = option(
  count({
    displayName: 'Keep Releases',
    name: 'keepReleases',
    default: 10,
    typeOptions: { minValue: 1 },
    description: 'How many releases to keep; the live, the previous and running ones are kept in any case',
  }),
);

/** The options of operations that keep and remove releases. */
export const retentionOptions = [keepBackups, keepReleases];

/** How many releases and backups stay. */
export function readRetention(read: ReadParameter): { keepReleases: number; keepBackups: number } {
  return { keepReleases: keepReleases.read(read), keepBackups: keepBackups.read(read) };
}
