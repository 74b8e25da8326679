import type { SourceDescription } from '../contract/records';

/** What a bundle's entry is. Directories are listed only when they are empty. */
export type EntryType = 'file' | 'link' | 'directory';

/** One file, symbolic link or empty directory of a bundle. */
export interface BundleEntry {
  /** Relative, `/`-separated, without `.` or `..` parts; UTF-8. */
  path: string;
  type: EntryType;
  /** Permission bits without write and special bits: `0o444`, `0o555`, `0o400`. Links have `0o777`, directories `0o555`. */
  mode: number;
  /** In bytes; 0 for links and directories. */
  size: number;
  /** Lower-case hexadecimal SHA-256 of the content of a file; of the target text for a link; empty for a directory. */
  digest: string;
  /** The target of a link, as written in it. */
  target?: string;
}

/** The content of one file of a bundle, to be read to its end before the next one is asked for. */
export interface FileContent {
  entry: BundleEntry;
  chunks: AsyncIterable<Uint8Array>;
}

/** Paths that a source holds and the patterns leave out, at most 1,000 of them, and how many there are. */
export interface IgnoredSummary {
  paths: string[];
  count: number;
  /** For Git: the paths are those that changed since this commit. Absent: they are all that the source holds. */
  since?: string | undefined;
}

/** A new version of the engine, normalised: what it consists of, and a way to read it again. */
export interface Bundle {
  source: SourceDescription;
  /** Where it lies on n8n's machine, for a directory. */
  directory?: string | undefined;
  /** In the order in which {@link Bundle.read} yields them; every path once. */
  entries: BundleEntry[];
  /** What the patterns leave out. */
  ignored: IgnoredSummary;
  /** Names at the source's top that the patterns leave out as a whole, or some of; the first 1,000. */
  beside?: readonly string[] | undefined;
  /** Digest of all entries: see `contentDigest`. Two bundles with the same digest are the same content. */
  digest: string;
  /**
   * Yields the content of the wanted files, in the order of `entries`.
   * Throws `SOURCE_CHANGED` when a file no longer has the size or digest of its entry.
   */
  read(wanted: ReadonlySet<string>): AsyncIterable<FileContent>;
  /** Frees what reading needed. */
  close(): Promise<void>;
}

/** What a bundle may at most be, so that a hostile or mistaken source can't fill anybody's disk. */
export interface BundleLimits {
  /** Bytes of content, unpacked. */
  maxBytes: number;
  maxEntries: number;
}

/** 4 GiB and 200,000 entries. */
export const DEFAULT_LIMITS: BundleLimits = { maxBytes: 4 * 1024 ** 3, maxEntries: 200_000 };

/** Which part of a source is deployed: globs as `createSelection` knows them, relative to the bundle's root. */
export interface Selection {
  include: readonly string[];
  exclude: readonly string[];
  /** What of that belongs to the host: no version brings it, and every release finds the same. */
  shared?: readonly string[] | undefined;
}

/** What an engine usually consists of. */
export const DEFAULT_SELECTION: Selection = {
  include: ['src/**', 'config/**', 'run.py', 'requirements.txt'],
  exclude: [],
};
