import type { BasePath, Entrypoint, ReleaseId } from '../contract/names';
import type { Holder } from '../contract/records';
import { DeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { type Place, placeOf } from '../release/place';
import { asStarted } from '../replay/asStarted';
import { replay } from '../replay/replayRuns';
import type { FilesOf, ReplayResult, ReplaySettings } from '../replay/replaySettings';

/** A kept release, compared with what is live. */
export interface ReplayedRelease extends Place, ReplayResult {
  release: ReleaseId;
  live: ReleaseId;
  durationMs: number;
}

interface Compared {
  readonly basePath: BasePath;
  readonly entrypoint: Entrypoint;
  readonly holder: Holder;
  readonly environment?: Readonly<Record<string, string>>;
  readonly release: ReleaseId;
  readonly filesOf?: FilesOf;
  readonly onProgress?: (text: string) => void;
}

/**
 * Runs inputs through the live release and through another one that is kept, and compares what comes out. Takes no lock and
 * changes nothing: both releases stay until it is through, and others may deploy meanwhile.
 *
 * @throws DeployError `INPUT` where nothing is live or the release is; as `replay` otherwise
 */
export async function replayReleases(
  client: ExecutorClient,
  { basePath, entrypoint, holder, environment = {}, release, filesOf, onProgress }: Compared,
  settings: ReplaySettings,
): Promise<ReplayedRelease> {
  const started = performance.now();
  const { live } = await client.call('holdRelease', { basePath, release: null });
  if (live === null || live === release) {
    throw new DeployError(
      'INPUT',
      live === null
        ? `Nothing was deployed to ${basePath} yet, so there is nothing to compare with.`
        : `Release ${release} is the live one. Choose another to compare it with.`,
    );
  }
  await client.call('holdRelease', { basePath, release });
  const { start, words } = asStarted(entrypoint, settings.arguments);
  const what = {
    basePath,
    holder,
    environment,
    start,
    live,
    other: release,
    candidate: false,
    filesOf,
    onProgress,
  };
  const found = await replay(client, what, { ...settings, arguments: words });
  const durationMs = Math.round(performance.now() - started);
  return { ...placeOf(client, basePath), release, live, ...found, durationMs };
}
