import type { Listing } from '../../contract/facts';
import type { ReleaseId } from '../../contract/names';
import type { Retention } from '../options';
import type { Prune, Subject } from '../steps';

/** What a plan adds to what is kept. */
export interface Added {
  readonly current: Subject | null;
  readonly previous: Subject | null;
  /** Of the new release; undefined where there is none. */
  readonly sequence?: number;
  /** Whether it makes a backup. */
  readonly backup?: boolean;
}

/** What pruning chooses from. */
export type Kept = Pick<Listing, 'backups' | 'environments'> & {
  readonly releases: ReadonlyArray<Pick<Listing['releases'][number], 'release' | 'sequence' | 'processes'>>;
};

/**
 * What retention removes: the oldest by sequence; never the live, the previous or one that is being run. None where that
 * is nothing.
 */
export function pruning(kept: Kept, retention: Retention, added: Added): Prune[] {
  const releases = removableReleases(kept.releases, retention, added);
  const environments = kept.environments
    .filter((known) => known.releases.every((release) => releases.includes(release)))
    .map(({ environment }) => environment);
  const backups = removableBackups(kept, retention, added);
  if (releases.length + environments.length + backups.length === 0) return [];
  return [{ step: 'prune', tidying: added.current === 'new', releases, backups, environments }];
}

function removableReleases(
  kept: Kept['releases'],
  { keepReleases }: Retention,
  { current, previous, sequence }: Added,
): ReleaseId[] {
  const made = sequence === undefined ? [] : [{ release: 'new' as const, sequence, processes: 0 }];
  return [...kept, ...made]
    .sort((a, b) => b.sequence - a.sequence)
    .slice(Math.max(1, keepReleases))
    .flatMap(({ release, processes }) =>
      release === 'new' || release === current || release === previous || processes > 0 ? [] : [release],
    );
}

function removableBackups(
  { backups }: Kept,
  { keepBackups }: Retention,
  { backup }: Added,
): Prune['backups'] {
  const newestFirst = backups.map(({ name }) => name).sort((a, b) => (a < b ? 1 : -1));
  return [...(backup ? ['new'] : []), ...newestFirst].slice(Math.max(0, keepBackups));
}
