import type { Prunable } from '../../contract/facts';
import type { Retention } from '../options';
import type { Prune, Subject } from '../steps';

/** What a plan adds to what is kept. */
export interface Added {
  readonly current: Subject | null;
  readonly previous: Subject | null;
  /** Whether it makes a release. */
  readonly release?: boolean;
  /** Whether it makes a backup. */
  readonly backup?: boolean;
}

/**
 * What retention removes, the oldest first: by sequence; never the live, the previous or one that is being run. None where
 * that is nothing.
 */
export function pruning(prunable: Prunable | undefined, retention: Retention, added: Added): Prune[] {
  if (!prunable) return [];
  const gone = removableReleases(prunable, retention, added);
  const releases = gone.map(([release]) => release);
  const environments = unneeded(prunable, gone);
  const backups = removableBackups(prunable, retention, added);
  if (releases.length + environments.length + backups.length === 0) return [];
  return [{ step: 'prune', tidying: added.current === 'new', releases, backups, environments }];
}

function removableReleases(
  { releases }: Prunable,
  { keepReleases }: Retention,
  { current, previous, release: made = false }: Added,
): Prunable['releases'] {
  const kept = Math.max(1, keepReleases) - Number(made);
  return releases.filter(([release, newer]) => newer >= kept && release !== current && release !== previous);
}

/** Environments that nothing leads to once those are gone. */
function unneeded({ environments }: Prunable, gone: Prunable['releases']): string[] {
  const leaving = new Map<string | null, number>();
  for (const [, , name] of gone) leaving.set(name, (leaving.get(name) ?? 0) + 1);
  return environments.filter(([name, needing]) => needing === (leaving.get(name) ?? 0)).map(([name]) => name);
}

function removableBackups(
  { backups }: Prunable,
  { keepBackups }: Retention,
  { backup: made = false }: Added,
): Prune['backups'] {
  const kept = Math.max(0, keepBackups) - Number(made);
  const old = backups.filter(([, newer]) => newer >= kept).map(([name]) => name);
  return [...old, ...(kept < 0 ? ['new'] : [])];
}
