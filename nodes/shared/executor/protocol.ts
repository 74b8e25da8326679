import type { BundleEntry } from '../source/bundle';
import type {
  Holder,
  ListedBackup,
  ListedRelease,
  Probe,
  ReleaseRecord,
  UnconfirmedSwitch,
} from './engineFacts';
import type { Mender, RawFinding } from './findings';
import type { EnvironmentArguments, EnvironmentResult, ListedEnvironment } from './environmentVerb';

/** What the executor says first: where it runs, as whom, and with which Python. */
export interface Hello {
  protocol: number;
  python: {
    version: string;
    implementation: string;
    executable: string;
    supported: boolean;
    /** The executable behind all links: what virtual environments are built from. */
    base: string;
    /** Suffix of extension modules, such as `.cpython-311-x86_64-linux-gnu.so`: the interpreter's ABI and platform. */
    abi: string;
  };
  user: string;
  hostname: string;
  processId: number;
  /** `sys.platform`, such as `linux`. */
  system: string;
  /** Of the root file system. */
  freeBytes: number;
}

/** How the executor left: what it put right after the client's end of the conversation. */
export interface Ended {
  reason: string | null;
  /** Whether an unconfirmed switch was taken back. */
  reverted: boolean;
  /** The release that is live now; null when there is none, or when nothing was locked. */
  live: string | null;
  /** What could not be put right. The next operation will. */
  complaint?: string;
}

/** One entry as it crosses the wire: path, type, mode, size, digest, target. */
export type EntryRow = [string, BundleEntry['type'], number, number, string, string | null];

/** How a check's program or inspection ended. */
export interface RunResult {
  passed: boolean;
  exitCode: number | null;
  /** Name of the signal that ended it, such as `SIGKILL`. */
  signal: string | null;
  timedOut: boolean;
  /** At most its first 8 KiB and last 24 KiB. */
  output: string;
  omittedBytes: number;
  durationMs: number;
}

interface CheckArguments {
  release: string;
  timeoutSeconds?: number;
  environment?: Record<string, string>;
}

export type RunArguments = CheckArguments &
  (
    | { kind: 'compile' }
    | { kind: 'json' }
    | { kind: 'python'; code: string }
    | { kind: 'command'; command: string }
  );

/** What one tree changes in another: the paths, at most 1,000 of each kind, and how many there are. */
export interface TreeChanges {
  counts: { added: number; modified: number; removed: number };
  paths: { added: string[]; modified: string[]; removed: string[] };
}

/** What a release would take: indexes of the entries whose content has to be sent, their bytes, and what changes. */
export interface Comparison {
  needed: number[];
  bytes: number;
  changes: TreeChanges;
}

/** The executor's steps: what each takes and gives. */
export interface Verbs {
  lock: {
    /**
     * `owner`: `user`, `user:group` or `uid:gid` whom new files are given to; empty: the base path's, for root.
     * `clean`: false leaves what interrupted operations left behind.
     */
    args: {
      basePath: string;
      create: boolean;
      holder: Holder;
      waitSeconds: number;
      owner?: string;
      clean?: boolean;
    };
    result: { cleaned: Array<[RawFinding['kind'], string]> };
  };
  /**
   * `holder`: asks who holds the lock. `start`: starts the live environment's interpreter to see whether it does.
   * `ahead`: looks for the next probe, too, which comes soon.
   */
  probe: {
    args: { basePath: string; entrypoint: string; holder?: boolean; start?: boolean; ahead?: boolean };
    result: Probe;
  };
  list: {
    args: { basePath: string; packages?: boolean };
    result: {
      current: string | null;
      previous: string | null;
      liveSince: string | null;
      unconfirmed: UnconfirmedSwitch | null;
      /** Kept releases that were live at some time, the last first. */
      wereLive: string[];
      releases: ListedRelease[];
      backups: ListedBackup[];
      environments: ListedEnvironment[];
    };
  };
  /** One of the six questions; see the verb. */
  digest: {
    args: { basePath?: string; release: string | null; kept?: string[] } & (
      | { adopting: string[]; entrypoint: string }
      | { directories: Array<[string, string]> }
      | { entries: EntryRow[]; sameDirectories: string[]; sizes?: boolean }
      | { against: string | null }
      | { recorded: true }
      | { texts: string[] }
    );
    result: Partial<Comparison> & {
      texts?: Record<string, string | null>;
      differing?: string[];
      /** By path, of the files that `changes` lists: bytes before and after; null where there is no such file. */
      sizes?: Record<string, [number | null, number | null]>;
      entries?: Array<[...EntryRow, 0 | 1]>;
    };
  };
  receive: {
    args: { time: string; live: string | null } & (
      { backup: string } | { digest: string; entries: EntryRow[]; sameDirectories: string[]; keep: string[] }
    );
    /** `release` is the new one's id; `entries` comes with a backup. */
    result: Comparison & { release: string; entries?: EntryRow[] };
  };
  assemble: {
    /** `kept`: paths of a backup that no pattern owns. */
    args: { encoding: 'identity' | 'deflate'; record: Partial<ReleaseRecord>; kept?: string[] };
    result: { files: number; bytes: number; compiled: number; carriedOver: number };
  };
  environment: { args: EnvironmentArguments; result: EnvironmentResult };
  run: { args: RunArguments; result: RunResult };
  adopt: {
    args: { time: string; names: string[]; entrypoint: string };
    result: { release: string; names: string[]; entries: EntryRow[]; gapMs: number; atomic: boolean };
  };
  drain: {
    args: { entrypoint: string; waitSeconds: number; leased?: boolean };
    /** `inUse`: with `leased`, the releases that are still run. */
    result: { left: Array<{ processId: number; command: string }>; inUse: string[] };
  };
  /** With `look` nothing is changed, and only the packages come back. */
  detach: {
    args: { look: true } | { entrypoint: string };
    result: {
      names?: string[];
      gapMs?: number;
      atomic?: boolean;
      needed?: Array<[string, string]>;
      /** With the version that the interpreter has, if it has one. */
      missing?: Array<[string, string, string | null]>;
    };
  };
  attach: { args: Record<string, never>; result: Record<string, never> };
  dismantle: {
    args: { everything: boolean };
    result: { releases: string[]; environments: string[]; backups: string[]; left: string[] };
  };
  flip: {
    /** `aside`: something foreign at `current` is put aside, and not refused. */
    args: { release: string; operation: string; entrypoint: string; aside?: boolean };
    result: { from: string | null; to: string; at: string; milliseconds: number };
  };
  confirm: { args: Record<string, never>; result: { live: string | null } };
  revert: { args: { reason: string }; result: { live: string | null; milliseconds: number } };
  archive: { args: { release: string }; result: { name: string; bytes: number } };
  remove: {
    args: { candidate?: boolean; releases?: string[]; backups?: string[]; environments?: string[] };
    result: { releases: string[]; inUse: string[]; backups: string[]; environments: string[] };
  };
  record: {
    args: {
      release?: string;
      fields?: Partial<ReleaseRecord>;
      kept?: string[];
      event?: string;
      entry?: Record<string, unknown>;
    };
    result: Record<string, never>;
  };
  inspect: {
    args: { basePath: string; entrypoint: string; owner?: string };
    /** `deployed`: whether anything was ever deployed here. `holder`: who is at work, unless it is this conversation. */
    result: { deployed: boolean; current: string | null; findings: RawFinding[]; holder: Holder | null };
  };
  /** `path` as in the finding; the result names what was put right. */
  mend: { args: { what: Mender; path?: string; entrypoint: string }; result: { done: string[] } };
}

export type Verb = keyof Verbs;
