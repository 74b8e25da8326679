import type { Probe } from '../contract/facts';
import type { ReleaseId } from '../contract/names';
import type { RecordedDependencies, ReleaseRecord, SourceDescription } from '../contract/records';
import type { Selection } from '../source/bundle';
import type { CompiledSelection } from '../source/patterns';
import { directoryOf } from '../source/paths';
import { isCode } from './code';

/** What is live, as far as a deployment has to know it. */
export interface Live {
  readonly release: ReleaseId;
  readonly source?: SourceDescription | undefined;
  /** Digest of the entries that the patterns own. */
  readonly digest?: string | null | undefined;
  /** Files that nobody's patterns own; every new release takes them along. */
  readonly keep: readonly string[];
  /** Those of them that the live release was made with, and that these patterns have dropped. */
  readonly dropped?: readonly string[] | undefined;
  /** Paths that it holds and that are shared from now on: a directory stands for what lies in it. */
  readonly shared?: readonly string[] | undefined;
  /** Whether files were edited, removed or added by hand since the release was made. */
  readonly drifted: boolean;
  readonly dependencies?: RecordedDependencies | undefined;
  /** Name of its virtual environment. */
  readonly environment: string | null;
  /** Why that can't be used; null when it can, or when there is none. */
  readonly problem: string | null;
}

/** What an adoption would make live. */
export interface AdoptionPreview extends Omit<Live, 'release'> {
  readonly release: null;
  /** All paths that were looked at and stay the host's: in no release. */
  readonly left: readonly string[];
  /** All paths that a release holds, and that are shared from now on. */
  readonly sharedToo: readonly string[];
}

/** What a release adopted from plain files is known to be from the start. */
export const ADOPTED = {
  source: { type: 'adopted' },
  drifted: false,
  environment: null,
  problem: null,
} as const;

/** The names of a version that still are plain files or directories in the base path, or somebody's links. */
export function plainNames(probe: Probe, names: ReadonlySet<string>): string[] {
  return probe.names
    .filter(({ name, type }) => type !== 'link' && type !== 'launcher' && names.has(name))
    .map(({ name }) => name);
}

/** Names of the live release that don't lead to it from the base path: their link or launcher was removed. */
export function missingNames({ live, names }: Probe): string[] {
  const there = new Set(names.map(({ name }) => name));
  return (live?.record?.names ?? []).filter((name) => !there.has(name));
}

/**
 * Whether a file that no source has is the engine's own, although the patterns own its path: what is no code, was there
 * before the first deployment or lies beside such, where the engine may write, is never taken away.
 */
export function enginesOwn(kept: readonly string[]): (path: string) => boolean {
  const itself = new Set(kept);
  const beside = new Set(kept.map(directoryOf));
  const below = (path: string): boolean => path !== '' && (itself.has(path) || below(directoryOf(path)));
  return (path) => !isCode(path) && (below(path) || (path.includes('/') && beside.has(directoryOf(path))));
}

/** What a look found live, as the patterns see it; undefined where nothing is. */
export function liveOf(probe: Probe, compiled: CompiledSelection): Live | undefined {
  if (!probe.current || !probe.live) return undefined;
  const { record, drift, extra, kept, environment } = probe.live;
  const engines = enginesOwn(kept);
  const owned = new Set([...extra, ...kept].filter((path) => compiled.includes(path) && !engines(path)));
  return {
    release: probe.current,
    source: record?.source,
    digest: record?.digest,
    keep: [...kept, ...extra].filter((path) => !owned.has(path) && !compiled.isShared(path)),
    dependencies: record?.dependencies,
    environment: environment.name,
    problem: environment.problem,
    drifted: drift.modified.length + drift.missing.length + owned.size + missingNames(probe).length > 0,
  };
}

/** Whether a release was made with these patterns. */
export function sameSelection(
  record: Pick<ReleaseRecord, 'include' | 'exclude' | 'shared'>,
  selection: Selection,
): boolean {
  return (
    JSON.stringify([record.include, record.exclude, record.shared ?? []]) ===
    JSON.stringify([selection.include, selection.exclude, selection.shared ?? []])
  );
}
