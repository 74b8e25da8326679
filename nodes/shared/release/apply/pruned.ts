import { MANY } from '../../contract/limits';
import type { ArgumentsOf, ResultOf } from '../../contract/verbs';
import type { Unseen } from '../unseen';

/** What was removed, and what came into use: of very many, the first ones. */
export type Pruned = ResultOf<'remove'> & {
  /** How many were removed. */
  readonly counts: { readonly releases: number; readonly backups: number; readonly environments: number };
};

export const NOTHING_PRUNED: Pruned = {
  releases: [],
  inUse: [],
  backups: [],
  environments: [],
  counts: { releases: 0, backups: 0, environments: 0 },
};

/** One removal as it was answered. */
export function prunedBy(removed: ResultOf<'remove'>): Pruned {
  const { releases, backups, environments } = removed;
  const counts = {
    releases: releases.length,
    backups: backups.length,
    environments: environments.length,
  };
  return { ...removed, counts };
}

/** Two removals as one. */
export function withPruned(pruned: Pruned, more: Pruned): Pruned {
  return {
    releases: first(pruned.releases, more.releases),
    inUse: first(pruned.inUse, more.inUse),
    backups: first(pruned.backups, more.backups),
    environments: first(pruned.environments, more.environments),
    unseen: mostUnseen(pruned.unseen, more.unseen),
    counts: {
      releases: pruned.counts.releases + more.counts.releases,
      backups: pruned.counts.backups + more.counts.backups,
      environments: pruned.counts.environments + more.counts.environments,
    },
  };
}

/** Each removal looked at the same processes: the most is what there is. Null, where all are hidden, counts as most. */
function mostUnseen(one: Unseen | undefined = 0, other: Unseen | undefined = 0): Unseen {
  return one === null || other === null ? null : Math.max(one, other);
}

function first<T>(names: readonly T[], more: readonly T[]): readonly T[] {
  return more.length === 0 ? names : [...names, ...more].slice(0, MANY);
}

/** As many as one request names: each is answered in moments. */
const AT_ONCE = 500;

type Wanted = { [K in keyof ArgumentsOf<'remove'>]-?: NonNullable<ArgumentsOf<'remove'>[K]> };

/** What is to be removed, request by request: environments last, when no release leads to them any more. */
export function removals(wanted: Wanted): ArgumentsOf<'remove'>[] {
  return [
    ...inBatches(wanted.releases).map((releases) => ({ releases })),
    ...inBatches(wanted.backups).map((backups) => ({ backups })),
    ...inBatches(wanted.environments).map((environments) => ({ environments })),
  ];
}

function inBatches<T>(names: readonly T[]): Array<readonly T[]> {
  return Array.from({ length: Math.ceil(names.length / AT_ONCE) }, (_, index) =>
    names.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );
}
