import { type BasePath, type Entrypoint, entrypointNames } from '../contract/names';
import type { Probe, UnconfirmedSwitch, UndoneAttempt } from '../contract/facts';
import type { RunningService } from '../contract/serviceVerbs';
import type { Holder, SourceDescription } from '../contract/records';
import type { ExecutorClient } from '../executor/client';
import { type Drift, driftOf } from '../release/drift';
import { type Place, placeOf } from '../release/place';
import { recordedSelection } from '../release/recordedSelection';
import { type RolloutResult, rolloutResult } from '../rollout/rolloutResult';
import { type EnvironmentSummary, type Inventory, listReleases } from './list';
import { DEFAULT_SELECTION } from '../source/bundle';

/** What is true of an engine now. */
export interface EngineStatus extends Place {
  /**
   * `plain` before the first deployment, `empty` where there is no engine at all, `broken` where nothing is live that
   * should be: Repair Engine helps, and so does any other operation.
   */
  state: 'live' | 'broken' | 'plain' | 'empty';
  release: string | null;
  previousRelease: string | null;
  /** ISO 8601; when the live release was switched to. */
  liveSince: string | null;
  source: (SourceDescription & { digest: string }) | null;
  /** Deployed files that were changed by hand since, path by path. */
  drift: Drift;
  /** A switch that was interrupted; the next operation decides on it. */
  unconfirmedSwitch: UnconfirmedSwitch | null;
  /** The last deployment or rollback, if it was refused, cut off or taken back; null when it went live. */
  lastUndone: UndoneAttempt | null;
  /** The release that is watched after its switch, or how that ended last; null where none ever was. */
  rollout: RolloutResult | null;
  /** Who is at work on the engine now. */
  lockedBy: Holder | null;
  releasesInUse: Probe['releasesInUse'];
  kept: { releases: number; backups: number; bytes: number };
  space: Probe['space'];
  filesystem: Probe['filesystem'];
  python: { version: string; executable: string };
  /** How runs are pinned that this user starts, or would be; null where nobody can tell. */
  pinning: Probe['pinning'] | null;
  /** Those that serve.py runs, and the versions of each. */
  services: readonly RunningService[];
  /** The live release's virtual environment; its `ailment` says why it no longer starts. */
  environment: EnvironmentSummary | null;
  user: string;
  writable: boolean;
}

/** The live release and the previous one are listed in any case. */
const LOOKED_AT = 0;

/** Looks at an engine. Takes no lock and changes nothing. */
export async function getStatus(
  client: ExecutorClient,
  options: { basePath: BasePath; entrypoint: Entrypoint },
): Promise<EngineStatus> {
  const { basePath, entrypoint } = options;
  const [probe, inventory] = await Promise.all([
    client.call('probe', { basePath, entrypoint, holder: true, start: true, pinning: 'live' }),
    listReleases(client, basePath, LOOKED_AT),
  ]);
  const { record } = probe.live ?? {};
  const { version, executable } = client.hello.python;
  return {
    ...placeOf(client, basePath),
    state: stateOf(probe, entrypoint),
    release: probe.current,
    previousRelease: probe.previous,
    liveSince: probe.liveSince,
    source: record ? { ...record.source, digest: record.digest ?? '' } : null,
    drift: driftOf(probe, recordedSelection(record?.include ? record : DEFAULT_SELECTION)),
    unconfirmedSwitch: probe.unconfirmed,
    lastUndone: probe.undone,
    rollout: probe.rollout ? rolloutResult(client, probe.rollout) : null,
    lockedBy: probe.holder ?? null,
    releasesInUse: probe.releasesInUse,
    kept: keptOf(inventory),
    space: probe.space,
    filesystem: probe.filesystem,
    python: { version, executable },
    pinning: probe.pinning ?? null,
    services: probe.services ?? [],
    environment: environmentOf(probe, inventory),
    user: client.hello.user,
    writable: probe.writable,
  };
}

function stateOf(probe: Probe, entrypoint: Entrypoint): EngineStatus['state'] {
  if (probe.lost) return 'broken';
  if (probe.current) return 'live';
  const starting = entrypointNames(entrypoint);
  const isPlain = (name: string): boolean => starting.length === 0 || starting.includes(name);
  return probe.names.some(({ name, type }) => isPlain(name) && type === 'file') ? 'plain' : 'empty';
}

/** As listed, with what starting its interpreter showed. */
function environmentOf(probe: Probe, { releases }: Inventory): EnvironmentSummary | null {
  const listed = releases.find(({ release }) => release === probe.current)?.environment ?? null;
  return listed && { ...listed, ailment: probe.live?.environment.problem ?? listed.ailment };
}

function keptOf({ counts: { releases, backups, bytes } }: Inventory): EngineStatus['kept'] {
  return { releases, backups, bytes };
}
