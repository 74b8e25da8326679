import type { BasePath, Entrypoint, ReleaseId } from '../contract/names';
import type { EntryRow, Probe, RecordedRow } from '../contract/facts';
import type { RecordedDependencies, SourceDescription } from '../contract/records';
import { sameDependencies } from '../dependencies/wanted';
import type { ExecutorClient } from '../executor/client';
import type { Bundle, Selection } from '../source/bundle';
import { contentDigest } from '../source/digest';
import type { CompiledSelection } from '../source/patterns';
import { releaseTime } from './layout';

/** What is live, as far as a deployment has to know it. */
export interface Live {
  release: ReleaseId;
  source?: SourceDescription;
  /** Digest of the entries that the patterns own. */
  digest?: string | null;
  /** Files that nobody's patterns own; every new release takes them along. */
  keep: string[];
  /** Whether files were edited, removed or added by hand since the release was made. */
  drifted: boolean;
  dependencies?: RecordedDependencies;
  /** Name of its virtual environment. */
  environment: string | null;
  /** Why that can't be used; null when it can, or when there is none. */
  ailment: string | null;
}

/** What would be live after an adoption that only a plan thinks of. */
export type Foreseen = Omit<Live, 'release'> & { release: null };

/** How plain files were turned into a release. */
export interface Adoption {
  release: ReleaseId;
  names: readonly string[];
  /** Milliseconds during which a name was missing; 0 where the file system exchanges names. */
  gapMs: number;
  atomic: boolean;
}

interface Recorded {
  path: string;
  type: EntryRow[1];
  mode: number;
  digest: string;
}

/** The names in the base path that belong to the deployment and still are plain files or directories. */
export function plainNames(
  probe: Probe,
  selection: CompiledSelection,
  bundleNames: ReadonlySet<string>,
): string[] {
  return probe.names
    .filter(
      ({ name, type }) =>
        type !== 'link' && type !== 'launcher' && (selection.ownsName(name) || bundleNames.has(name)),
    )
    .map(({ name }) => name);
}

/** Names of the live release that don't lead to it from the base path: their link or launcher was removed. */
export function missingNames({ live, names }: Probe): string[] {
  const there = new Set(names.map(({ name }) => name));
  return (live?.record?.names ?? []).filter((name) => !there.has(name));
}

/** What a release adopted from plain files is known to be from the start. */
const ADOPTED = {
  source: { type: 'adopted' },
  drifted: false,
  environment: null,
  ailment: null,
} as const;

/** What adopting plain files would make live. Later questions are asked about that. */
export async function foreseeAdoption(
  client: ExecutorClient,
  basePath: BasePath,
  names: string[],
  entrypoint: Entrypoint,
  compiled: CompiledSelection,
): Promise<Foreseen> {
  const { entries } = await client.call('foresee', { basePath, names, entrypoint });
  return { release: null, ...ADOPTED, ...ownership(entries, compiled) };
}

/** Turns plain files into a first release and records which of them the patterns own. */
export async function adopt(
  client: ExecutorClient,
  names: string[],
  entrypoint: Entrypoint,
  selection: Selection,
  compiled: CompiledSelection,
): Promise<{ live: Live; adoption: Adoption }> {
  const { entries, ...adoption } = await client.call('adopt', {
    time: releaseTime(),
    names,
    entrypoint,
  });
  const owned = recordOwnership(client, adoption.release, entries, entrypoint, selection, compiled);
  return { live: { release: adoption.release, ...ADOPTED, ...owned }, adoption };
}

/**
 * What the probe found live, seen through the patterns of this deployment. When they are others than those the release
 * was made with, its entries are asked for and sorted anew.
 */
export async function seenLive(
  client: ExecutorClient,
  basePath: BasePath,
  probe: Probe,
  selection: Selection,
  compiled: CompiledSelection,
): Promise<Live | undefined> {
  if (!probe.current || !probe.live) return undefined;
  const { record, drift, extra, kept, environment } = probe.live;
  // Kept files that these patterns own now: nobody watched over them until now.
  const added = [...extra, ...kept].filter((path) => compiled.includes(path));
  const live: Live = {
    release: probe.current,
    source: record?.source,
    digest: record?.digest,
    keep: [...kept, ...extra].filter((path) => !compiled.includes(path)),
    dependencies: record?.dependencies,
    environment: environment.name,
    ailment: environment.ailment,
    drifted: drift.modified.length + drift.missing.length + added.length + missingNames(probe).length > 0,
  };
  if (record && !sameSelection(record, selection)) {
    const { entries } = await client.call('entries', { basePath, release: probe.current });
    const owned = ownership(entries, compiled);
    return { ...live, digest: owned.digest, keep: [...new Set([...live.keep, ...owned.keep])] };
  }
  return live;
}

/** Whether a bundle is exactly what is live, with nothing edited by hand, and the packages it needs are there. */
export function isLive<T extends Live | Foreseen>(
  bundle: Bundle,
  live: T | undefined,
  wanted: RecordedDependencies,
): live is T {
  if (live === undefined || live.drifted || live.digest !== bundle.digest) return false;
  return sameDependencies(live.dependencies, wanted) && hasEnvironment(live, wanted);
}

function hasEnvironment(
  { environment, ailment }: Live | Foreseen,
  { mode, installs }: RecordedDependencies,
): boolean {
  return !installs || mode !== 'virtualEnvironment' || (environment !== null && ailment === null);
}

/** Writes down which entries the patterns own. Not awaited: whatever is asked next is carried out after it. */
function recordOwnership(
  client: ExecutorClient,
  release: ReleaseId,
  rows: readonly EntryRow[],
  entrypoint: Entrypoint,
  selection: Selection,
  compiled: CompiledSelection,
): { digest: string; keep: string[] } {
  const owned = ownership(rows, compiled);
  const fields = {
    digest: owned.digest,
    entrypoint,
    include: [...selection.include],
    exclude: [...selection.exclude],
  };
  client.call('describe', { release, fields, kept: owned.keep }).catch(() => undefined);
  return owned;
}

/** Sorts entries: the digest of those that the patterns own, and the paths of the others. */
export function ownership(
  rows: ReadonlyArray<EntryRow | RecordedRow>,
  compiled: Pick<CompiledSelection, 'includes'>,
): { digest: string; keep: string[] } {
  const owned: Recorded[] = [];
  const keep: string[] = [];
  for (const [path, type, mode, , digest] of rows) {
    if (compiled.includes(path)) owned.push({ path, type, mode, digest });
    else keep.push(path);
  }
  return { digest: contentDigest(owned), keep };
}

/** Whether a release was made with these patterns. */
export function sameSelection(
  record: { include?: readonly string[]; exclude?: readonly string[] },
  selection: Selection,
): boolean {
  return (
    JSON.stringify([record.include, record.exclude]) ===
    JSON.stringify([selection.include, selection.exclude])
  );
}
