import type { ReleaseId } from './contract/names';
import type { ResultOf } from './contract/verbs';
import { NO_DEPENDENCIES } from './dependencies/options';
import { DeployError } from './errors';
import type { ExecutorClient } from './executor/client';
import { begin, type Begun, foundIn } from './release/begin';
import type { EngineOptions } from './release/options';
import { stopped, type Stopped } from './release/outcome';
import { type Place, placeOf } from './release/place';
import type { SwitchResult } from './release/result';
import { type Step, StepLog } from './release/steps';

export interface DetachOptions extends EngineOptions {
  /** How long extractions may go on that run releases; 0 refuses when there are any. */
  extractionWaitSeconds: number;
  /** Goes on although the engine's own interpreter lacks packages that the live release has in its environment. */
  withoutPackages: boolean;
  /** Removes backups, history and the originals of adoptions, too. */
  removeHistory: boolean;
}

/** What became of an engine whose files are plain again. */
export interface DetachResult extends Place, Partial<Pick<SwitchResult, 'settled' | 'repaired'>> {
  /** `unchanged` where there was nothing of ours. */
  status: 'detached' | 'unchanged';
  /** The release whose content is plain now. */
  release: ReleaseId | null;
  /** What became plain files and directories. */
  names: readonly string[];
  swap: { atomic: boolean; gapMs: number };
  /** What the engine needs from its own interpreter now, and what of it is not there as it was. */
  packages: {
    needed: Array<{ name: string; version: string }>;
    missing: Array<{ name: string; version: string; found: string | null }>;
  };
  removed: Pick<ResultOf<'dismantle'>, 'releases' | 'environments' | 'backups'>;
  /** Our directories that still are there, below the base path: kept, or with something in them that is not ours. */
  left: readonly string[];
  steps: Step[];
  durationMs: number;
}

/** Extractions that start in the very instant of the exchange have so long to end, in seconds. */
export const LEAST_WAIT_SECONDS = 10;

/**
 * Turns an engine back into a plain directory of what is live, without a gap: the way back of an adoption. Can be done
 * again wherever it was cut off.
 *
 * @throws DeployError `LOCKED` while extractions run releases, `DEPENDENCIES` when packages would be missing; nothing has
 * changed then
 */
export async function detachEngine(client: ExecutorClient, options: DetachOptions): Promise<DetachResult> {
  const log = new StepLog(options.onStep);
  const facts: Stopped = {
    operation: 'return to a plain directory',
    basePath: options.basePath,
    checks: [],
    log,
  };
  try {
    const begun = await begin(client, { ...options, ...NOTHING_TO_DEPLOY }, false, log);
    const release = begun.probe.current;
    facts.before = release;
    // None is in use by the time it is done.
    const { releasesInUse, ...found } = foundIn(begun);
    facts.known = { releasesInUse, ...found };
    const packages = release === null ? NO_PACKAGES : await packagesOf(client, options, log);
    const exchanged = release === null ? NOTHING_EXCHANGED : await exchange(client, begun, options, log);
    const everything = options.removeHistory;
    const dismantled = await log.run('remove releases', () => client.call('dismantle', { everything }));
    const { left, ...removed } = dismantled;
    const unchanged = release === null && removed.releases.length + removed.environments.length === 0;
    return {
      status: unchanged && removed.backups.length === 0 ? 'unchanged' : 'detached',
      ...placeOf(client, options.basePath),
      release,
      ...exchanged,
      packages,
      removed,
      left,
      ...found,
      steps: log.steps,
      durationMs: log.durationMs,
    };
  } catch (error) {
    throw await stopped(error, client, facts);
  }
}

const NOTHING_TO_DEPLOY = {
  checks: [],
  keepReleases: 1,
  keepBackups: 0,
  createBackup: false,
  dependencies: NO_DEPENDENCIES,
};
const NO_PACKAGES: DetachResult['packages'] = { needed: [], missing: [] };
const NOTHING_EXCHANGED = { names: [], swap: { atomic: true, gapMs: 0 } };

async function packagesOf(
  client: ExecutorClient,
  { withoutPackages }: DetachOptions,
  log: StepLog,
): Promise<DetachResult['packages']> {
  const seen = await log.run('look at packages', () => client.call('missingPackages', {}));
  const needed = seen.needed.map(([name, version]) => ({ name, version }));
  const missing = seen.missing.map(([name, version, found]) => ({ name, version, found }));
  if (missing.length === 0 || withoutPackages) return { needed, missing };
  const shown = missing.slice(0, 10).map(({ name, version }) => `${name}==${version}`);
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : '';
  throw new DeployError(
    'DEPENDENCIES',
    `A plain engine would run with ${client.hello.python.executable}, which does not have: ${shown.join(', ')}${more}.`,
    {
      description:
        'Install them into that interpreter first, or switch on “Go On Without Packages” when the engine is started with another one.',
      details: { packages: { needed, missing } },
    },
  );
}

async function exchange(
  client: ExecutorClient,
  { probe }: Begun,
  { extractionWaitSeconds, entrypoint }: DetachOptions,
  log: StepLog,
): Promise<Pick<DetachResult, 'names' | 'swap'>> {
  if (extractionWaitSeconds === 0 && probe.releasesInUse.length > 0) {
    const running = probe.releasesInUse.map(({ release, processes }) => `${release} (${processes})`);
    throw stillRunning(running.join(', '));
  }
  const { names, gapMs, atomic } = await log.run('exchange links for files', () =>
    client.call('detach', { entrypoint }),
  );
  const waitSeconds = Math.max(extractionWaitSeconds, LEAST_WAIT_SECONDS);
  const { left, inUse } = await log.run('wait for extractions', () =>
    client.call('drain', { entrypoint, waitSeconds, leased: true }),
  );
  if (left.length + inUse.length > 0) {
    await log.run('take back', () => client.call('attach', {}));
    throw stillRunning(inUse.join(', ') || `process ${left[0].processId}`, waitSeconds);
  }
  return { names, swap: { atomic, gapMs } };
}

function stillRunning(what: string, waited?: number): DeployError {
  const after = waited === undefined ? '' : ` after ${waited} s`;
  return new DeployError('LOCKED', `Extractions still run${after}: ${what}.`, {
    description:
      'Raise Extraction Wait (Seconds): extractions that start meanwhile run the plain files, so that all others come to an end.',
  });
}
