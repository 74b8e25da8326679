import type { ListedBackup, ListedEnvironment } from '../contract/facts';
import type { BasePath, ReleaseId } from '../contract/names';
import type { SourceDescription } from '../contract/records';
import type { ResultOf } from '../contract/verbs';
import type { ExecutorClient } from '../executor/client';

/** Packages that one list shows in all, of every release's environment. */
const MOST_PACKAGES = 50_000;

/** A kept release as lists show it. */
export interface ReleaseSummary {
  release: ReleaseId;
  sequence: number;
  /** `live`, `previous`, `kept`, or `unfinished` for one that never passed its checks. */
  state: 'live' | 'previous' | 'kept' | 'unfinished';
  createdAt: string;
  /** When it went live; only of the live one. */
  liveSince: string | null;
  source: Pick<SourceDescription, 'type' | 'reference' | 'commit'>;
  digest: string | null;
  files: number;
  bytes: number;
  /** Extractions that run it now. */
  processes: number;
  /** Its virtual environment; null when it runs with what its interpreter has. */
  environment: EnvironmentSummary | null;
}

/** A virtual environment as lists and the status show it. */
export interface EnvironmentSummary {
  name: string;
  python: string | null;
  /** Such as `uv 0.9.1`. */
  installer: string | null;
  /** Why it can't be used, as the end of a sentence; null when it can. */
  ailment: string | null;
  packages: Array<{ name: string; version: string }>;
}

/** What is kept on the engine's side: releases newest first, and backups newest first. */
export interface Inventory {
  releases: ReleaseSummary[];
  backups: readonly ListedBackup[];
  /** How many there are: lists name the newest. */
  counts: ResultOf<'list'>['counts'];
}

/** Lists what is kept, the newest `most` of it. Takes no lock and changes nothing. */
export async function listReleases(
  client: ExecutorClient,
  basePath: BasePath,
  most?: number,
): Promise<Inventory> {
  const listed = await client.call('list', { basePath, packages: true, most });
  const environments = new Map(listed.environments.map((each) => [each.environment, each]));
  // Releases share environments: what is short when it is sent can be without end once each release repeats it.
  let shown = 0;
  const releases = listed.releases.map((record) => {
    const known = record.environment === null ? undefined : environments.get(record.environment);
    shown += known?.packages?.length ?? 0;
    return summary(record, listed, shown > MOST_PACKAGES && known ? { ...known, packages: [] } : known);
  });
  return { releases, backups: listed.backups, counts: listed.counts };
}

function summary(
  record: ResultOf<'list'>['releases'][number],
  listed: ResultOf<'list'>,
  known: ListedEnvironment | undefined,
): ReleaseSummary {
  const { release, sequence, createdAt, source, files, bytes, processes, environment } = record;
  const live = release === listed.current;
  return {
    release,
    sequence,
    state: stateOf(record, listed),
    createdAt,
    liveSince: live ? listed.liveSince : null,
    source,
    digest: record.digest ?? null,
    files,
    bytes,
    processes,
    environment: environmentSummary(environment, known),
  };
}

/** The environment `name`, of which this is known. */
function environmentSummary(
  name: string | null,
  known: Partial<ListedEnvironment> = {},
): EnvironmentSummary | null {
  if (name === null) return null;
  const { python = null, installer, problem, packages = [] } = known;
  return {
    name,
    python,
    installer: installer ? [installer.name, installer.version].filter(Boolean).join(' ') : null,
    ailment: problem === undefined ? 'is not there' : problem,
    packages: packages.map(([name, version]) => ({ name, version })),
  };
}

function stateOf(
  { release, state }: ResultOf<'list'>['releases'][number],
  { current, previous }: ResultOf<'list'>,
): ReleaseSummary['state'] {
  if (release === current) return 'live';
  if (release === previous) return 'previous';
  return state === 'ready' ? 'kept' : 'unfinished';
}
