/** The single steps that put something right; see the executor's `mending`. */
export type Mender = 'leftovers' | 'links' | 'adoption' | 'missingFiles' | 'readOnly' | 'owner';

/** What each kind of finding says beside its path. */
interface Facts {
  /** `target`: what the link says, or `directory` or `file`. */
  currentForeign: { target: string; wasLive: string | null };
  currentMissing: { wasLive: string };
  currentDangling: { target: string; wasLive: string | null };
  unconfirmedSwitch: { from: string | null; to: string; operation: string; at: string };
  launcherMissing: object;
  launcherOutdated: object;
  linkMissing: object;
  linkDangling: object;
  /** `same`: it holds exactly what the live release has under that name. */
  plainName: { same: boolean };
  staging: object;
  temporary: object;
  unfinishedRelease: object;
  unfinishedEnvironment: object;
  adoptionLeftover: object;
  orphanRecord: object;
  foreignInReleases: object;
  unknownRelease: { live: boolean };
  manifestMissing: { live: boolean };
  damagedRelease: {
    live: boolean;
    missing: string[];
    modified: string[];
    counts: { missing: number; modified: number };
  };
  writable: { paths: string[]; count: number };
  orphanEnvironment: object;
  ailingEnvironment: { ailment: string; releases: string[] };
  owner: { uid: number; gid: number };
  foreignLock: { tool: string };
}

export type FindingKind = keyof Facts;

/** One thing that is not as it should be, as the engine's side tells it. `path` is below the base path. */
export type RawFinding = { [K in FindingKind]: { kind: K; path: string } & Facts[K] }[FindingKind];

/** A finding of one kind. */
export type FindingOf<K extends FindingKind> = Extract<RawFinding, { kind: K }>;
