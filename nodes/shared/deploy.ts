import type { Entrypoint, ReleaseId } from './contract/names';
import type { Probe } from './contract/facts';
import type { RecordedDependencies } from './contract/records';
import type { ResultOf } from './contract/verbs';
import { filesOfBundle } from './dependencies/texts';
import { wantedDependencies } from './dependencies/wanted';
import type { ExecutorClient } from './executor/client';
import { begin, type Begun, foundIn } from './release/begin';
import { bringRelease } from './release/bring';
import type { CheckResult } from './release/checks';
import { readSource, refuseUnexpected, refuseUnfit, refuseWithoutEntrypoint } from './release/fitness';
import { adopt, type Adoption, isLive, type Live, plainNames, seenLive } from './release/live';
import type { DeployOptions } from './release/options';
import { stopped, type Stopped } from './release/outcome';
import { changesOf, resultOf, sourceOf, type SwitchResult, swapOf, type Underway } from './release/result';
import { type Kept, prune } from './release/retention';
import { StepLog } from './release/steps';
import { switchTo } from './release/swap';
import { liveVersion, rememberVersion, reusedDependencies, unchangedVersion } from './release/version';
import { refuseOtherPlan } from './plan';
import type { Bundle } from './source/bundle';
import { createSelection } from './source/patterns';
import { isOpened, type Source } from './source/source';

/** How long a first deployment waits for extractions that were started before the adoption, in seconds. */
const DRAIN_SECONDS = 10;

/**
 * Makes what a source holds the live release of an engine. A bundle is a source that was read already.
 *
 * Resolves with what was done: `deployed`, or `unchanged` when it already is what is live: known by its version, before
 * anything of it is read, or by its content. Ends the conversation only when it rejects.
 *
 * @throws DeployError when it did not go live; the message says why and what is live now
 */
export async function deploy(
  client: ExecutorClient,
  offered: Source | Bundle,
  options: DeployOptions,
): Promise<SwitchResult> {
  const { basePath, entrypoint } = options;
  const log = new StepLog(options.onStep);
  const checks: CheckResult[] = [];
  const facts: Stopped = { operation: 'deployment', basePath, checks, log };
  try {
    // What is known to be unfit is refused before the engine's side is touched.
    if (isOpened(offered)) refuseWithoutEntrypoint(offered, entrypoint);
    const begun = await begin(client, options, true, log);
    facts.before = begun.probe.current;
    facts.known = { previousRelease: begun.probe.current, ...foundIn(begun) };
    const underway = { client, basePath, begun, checks, log };
    const same = isOpened(offered) ? undefined : liveVersion(offered.version, client, begun.probe, options);
    if (same) {
      refuseUnexpected(same.source.digest, options.expectedDigest);
      return unchangedVersion(underway, same);
    }
    const bundle = isOpened(offered)
      ? offered
      : await log.run('fetch', () => readSource(offered, begun.probe, options));
    return await deployBundle({ ...underway, source: sourceOf(bundle) }, bundle, options, facts);
  } catch (error) {
    throw await stopped(error, client, facts);
  }
}

async function deployBundle(
  underway: Underway,
  bundle: Bundle,
  options: DeployOptions,
  facts: Stopped,
): Promise<SwitchResult> {
  const { client, begun, log, source } = underway;
  facts.known = { ...facts.known, source };
  await refuseUnfit(bundle, begun.probe);
  refuseUnexpected(bundle.digest, options.expectedDigest);
  const { planDigest } = options;
  if (planDigest)
    await log.run('compare with the plan', () => refuseOtherPlan(client, bundle, options, planDigest));
  const { live, adoption } = await liveRelease(client, bundle, options, begun.probe, log);
  facts.before = live?.release ?? null;
  facts.known = { ...facts.known, previousRelease: facts.before };
  const wanted = await wantedDependencies(
    filesOfBundle(bundle),
    options.dependencies,
    client.hello.python,
    live?.dependencies,
  );
  if (!isLive(bundle, live, wanted) || options.deployUnchanged) {
    return bringAndSwitch(underway, bundle, options, { live, adoption, wanted }, facts);
  }
  await rememberVersion(client, live, bundle.source);
  return resultOf(underway, {
    status: 'unchanged',
    release: live.release,
    previousRelease: begun.probe.previous,
    changes: changesOf(undefined, bundle.ignored),
    dependencies: reusedDependencies(live, wanted),
    swap: swapOf(adoption, 0),
  });
}

/** Brings the new version, backs up, switches with checks before and after, and removes what is too old to keep. */
async function bringAndSwitch(
  underway: Underway,
  bundle: Bundle,
  options: DeployOptions,
  { live, adoption, wanted }: { live?: Live; adoption?: Adoption; wanted: RecordedDependencies },
  facts: Stopped,
): Promise<SwitchResult> {
  const { client, begun, checks, log } = underway;
  const sequence = begun.probe.sequence + (adoption ? 1 : 0);
  const backup = startBackup(client, live, options);
  const brought = await bringRelease(client, { bundle, live, sequence, wanted, options, log });
  const { release } = brought;
  const changes = changesOf(brought.changes, bundle.ignored);
  const archive = await log.run('back up', () => backup);
  facts.attempted = release;
  // A backup stays only with the switch it was made for.
  facts.known = { ...facts.known, changes, backup: null };
  const unpinned = adoption ? drain(client, options.entrypoint, log) : Promise.resolve(0);
  // Carried out before the checks, awaited after the switch: when that ends early, nobody awaits it.
  unpinned.catch(() => undefined);

  const { milliseconds, dependencies, complaint } = await switchTo(client, {
    release,
    operation: 'deploy',
    entrypoint: options.entrypoint,
    dependencies: {
      wanted,
      options: options.dependencies,
      live: live?.release ?? null,
      liveHasPackages: Boolean(live?.environment),
      keep: false,
    },
    checks: options.checks,
    log,
    results: checks,
    afterwards: () => prune(client, keptNow(begun.listed, release, sequence, live, archive?.name), options),
  });
  return resultOf(underway, {
    status: 'deployed',
    release,
    previousRelease: live?.release ?? null,
    changes,
    dependencies,
    backup: archive?.name ?? null,
    swap: swapOf(adoption, await unpinned, milliseconds),
    ...(complaint && { complaint }),
  });
}

/** What is live; plain files are turned into a first release on the way. */
async function liveRelease(
  client: ExecutorClient,
  bundle: Bundle,
  { basePath, selection, entrypoint }: DeployOptions,
  probe: Probe,
  log: StepLog,
): Promise<{ live?: Live; adoption?: Adoption }> {
  const compiled = createSelection(selection);
  const bundleNames = new Set(bundle.entries.map(({ path }) => path.split('/', 1)[0]));
  const plain = plainNames(probe, compiled, bundleNames);
  if (plain.length > 0) return log.run('adopt', () => adopt(client, plain, entrypoint, selection, compiled));
  return { live: await seenLive(client, basePath, probe, selection, compiled) };
}

/** Backs up what is live beside the other steps; resolves with undefined where there is nothing or it isn't wanted. */
function startBackup(
  client: ExecutorClient,
  live: Live | undefined,
  { createBackup }: DeployOptions,
): Promise<ResultOf<'archive'> | undefined> {
  if (!createBackup || !live) return Promise.resolve(undefined);
  const archive = client.call('archive', { release: live.release }, { background: true });
  // Awaited before the switch; until then an early end of the operation must not count as unhandled.
  archive.catch(() => undefined);
  return archive;
}

async function drain(client: ExecutorClient, entrypoint: Entrypoint, log: StepLog): Promise<number> {
  return log.run('wait for earlier extractions', async () => {
    const { left } = await client.call('drain', { entrypoint, waitSeconds: DRAIN_SECONDS });
    return left.length;
  });
}

/** What is kept once the new release is live. */
function keptNow(
  listed: Begun['listed'],
  release: ReleaseId,
  sequence: number,
  live: Live | undefined,
  backup: string | undefined,
): Kept {
  return {
    current: release,
    previous: live?.release ?? null,
    releases: [...listed.releases, { release, sequence, processes: 0 }],
    backups: backup ? [...listed.backups, { name: backup }] : listed.backups,
    environments: listed.environments,
  };
}
