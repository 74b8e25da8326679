import type { ReleaseId } from '../contract/names';
import type { ListedBackup, ListedEnvironment, ListedRelease } from '../contract/facts';
import type { ExecutorClient } from '../executor/client';

/** What is to be kept. */
export interface Retention {
  keepReleases: number;
  keepBackups: number;
}

/** What was removed, and what would have been but came into use. */
export interface Removed {
  releases: readonly string[];
  inUse: readonly string[];
  backups: readonly string[];
  environments: readonly string[];
}

/** What would be removed. */
export interface Removable {
  releases: readonly ReleaseId[];
  backups: readonly string[];
  environments: readonly string[];
}

/** What is there to choose from. */
export interface Kept {
  current: ReleaseId | null;
  previous: ReleaseId | null;
  releases: ReadonlyArray<Pick<ListedRelease, 'release' | 'sequence' | 'processes'>>;
  backups: ReadonlyArray<Pick<ListedBackup, 'name'>>;
  environments: ReadonlyArray<Pick<ListedEnvironment, 'environment' | 'releases'>>;
}

/** What retention would remove: the oldest by sequence; never the live, the previous or one that is being run. */
export function removable(kept: Kept, retention: Retention): Removable {
  const newestFirst = [...kept.releases].sort((a, b) => b.sequence - a.sequence);
  const releases = newestFirst
    .slice(Math.max(1, retention.keepReleases))
    .filter(
      ({ release, processes }) => release !== kept.current && release !== kept.previous && processes === 0,
    )
    .map(({ release }) => release);
  return {
    releases,
    // The engine's side keeps those that a release made meanwhile leads to.
    environments: kept.environments
      .filter((known) => known.releases.every((release) => releases.includes(release)))
      .map(({ environment }) => environment),
    backups: [...kept.backups]
      .sort((a, b) => (a.name < b.name ? 1 : -1))
      .slice(Math.max(0, retention.keepBackups))
      .map(({ name }) => name),
  };
}

/** Removes what retention doesn't keep. The executor keeps back what came into use meanwhile. */
export async function prune(client: ExecutorClient, kept: Kept, retention: Retention): Promise<Removed> {
  const wanted = removable(kept, retention);
  const { releases, backups, environments } = wanted;
  if (releases.length + backups.length + environments.length === 0) return { inUse: [], ...wanted };
  return client.call('remove', wanted);
}
