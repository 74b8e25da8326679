import type { RecordedDependencies } from '../dependencies/wanted';
import type { SourceDescription } from '../source/bundle';

/** Who asks for the lock, shown to others while it is held. */
export interface Holder {
  workflow?: string;
  execution?: string;
  operation?: string;
  since?: string;
  processId?: number;
}

/** What is recorded about a release, beside it. */
export interface ReleaseRecord {
  release: string;
  /** Order of creation on this engine; counts up and is never reused. */
  sequence: number;
  /** `candidate` until its checks passed. */
  state: 'candidate' | 'ready';
  /** ISO 8601, UTC. */
  createdAt: string;
  source: SourceDescription;
  /** A later source that was found to hold the very same, such as a commit that changed other files. */
  sameContent?: SourceDescription;
  /** `contentDigest` of what the patterns own. Absent on a release made from plain files before it was compared. */
  digest?: string;
  /** Top-level names. */
  names: string[];
  files: number;
  bytes: number;
  entrypoint?: string;
  include?: string[];
  exclude?: string[];
  /** Checks that all its files passed as they were recorded, and the Python that saw it. Content is then not read again. */
  passed?: { compile?: string; json?: string };
  /** What it needs to run. Absent on a release that was adopted, or made without dependencies. */
  dependencies?: RecordedDependencies;
}

/** A release as listed: its record, the number of extractions that run it now, and the environment it leads to. */
export type ListedRelease = ReleaseRecord & { processes: number; environment: string | null };

export interface ListedBackup {
  name: string;
  bytes: number;
  createdAt: string;
}

/** A switch that was announced and neither confirmed nor reverted. */
export interface UnconfirmedSwitch {
  at: string;
  operation: string;
  from: string | null;
  to: string;
}

/** A release that extractions are running now. */
export interface ReleaseInUse {
  release: string;
  processes: number;
}

/** The last attempt to change what is live, where it did not stay live. */
export interface UndoneAttempt {
  /** The release that was to go live; null where it had no name yet. */
  release: string | null;
  /** ISO 8601. */
  at: string;
  reason: string;
}

/** What a look at the engine's side tells. */
export interface Probe {
  exists: boolean;
  /** The base path with every link resolved. */
  base: string;
  writable: boolean;
  /** `mount`: where it begins. */
  filesystem: { type: string | null; mount: string | null; mergesNames: boolean };
  space: { freeBytes: number; totalBytes: number; freeInodes: number | null };
  /** Top-level names of the base path. `link` and `launcher` are ours. */
  names: Array<{
    name: string;
    type: 'link' | 'launcher' | 'foreignLink' | 'directory' | 'file' | 'other';
  }>;
  current: string | null;
  previous: string | null;
  liveSince: string | null;
  unconfirmed: UnconfirmedSwitch | null;
  undone: UndoneAttempt | null;
  /** The sequence number of the next release. */
  sequence: number;
  releasesInUse: ReleaseInUse[];
  /** The release that should be live, where `current` is gone or leads nowhere. */
  lost: string | null;
  live: {
    record: ReleaseRecord | null;
    /** Recorded files that were edited or removed by hand since. */
    drift: { modified: string[]; missing: string[] };
    /** Files that nobody recorded: added by hand or by the engine. */
    extra: string[];
    /** Recorded files that no pattern owns. */
    kept: string[];
    /** Name of its virtual environment, and why that can't be used: the end of a sentence. */
    environment: { name: string | null; ailment: string | null };
  } | null;
  /** Who holds the lock, when asked for; null when it is free. */
  holder?: Holder | null;
}
