import type { ExecutorClient } from '../executor/client';
import { apply } from '../release/apply/apply';
import { idOf, type Learned, serviceResult, waitingResult } from '../release/apply/learned';
import { decideDeployment, type DeploymentPlan } from '../release/decide/deploy';
import { digestOfPlan, refuseOtherDigest } from '../release/decide/planDigest';
import { decideUnread } from '../release/decide/unread';
import { nothingProvided, reusedDependencies } from '../dependencies/install';
import type { Content } from '../release/bundleContent';
import {
  readSource,
  refuseFindings,
  refuseUnexpected,
  refuseUnpinnable,
  refuseUnusableHere,
  refuseWithoutEntrypoint,
} from '../release/preconditions';
import { observe } from '../release/observe/engine';
import { type Looking, observeVersion } from '../release/observe/version';
import type { DeployOptions } from '../release/options';
import { resultOf, type SwitchResult, swapOf } from '../release/result';
import { unseenIn } from '../release/unseen';
import type { Snapshot } from '../release/snapshot';
import type { Bundle } from '../source/bundle';
import { isOpened, type Source } from '../source/source';
import { type RolloutResult, rolloutResult } from '../rollout/rolloutResult';
import { Attempt } from './attempt';
import { begin } from './begin';

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
  const attempt = new Attempt(client, 'deployment', options);
  const { log } = attempt;
  const snapshot = await attempt.during({}, () => {
    // What lacks a precondition is refused before the engine's side is touched.
    if (isOpened(offered)) refuseWithoutEntrypoint(offered, options.entrypoint);
    return begin(client, options, true, log);
  });
  const { plan, content } = await decided({ client, snapshot, options, log }, offered, attempt);
  const { source, changes, adopts } = plan;
  const outcome = await apply(plan, {
    client,
    basePath: options.basePath,
    holder: options.holder,
    filesOf: options.filesOf,
    log,
    content,
    installing: options.dependencies,
  });
  const learned = await attempt.kept(outcome, { snapshot, source, changes, adopts });
  return resultOf(snapshot, log, deployed(client, snapshot, plan, learned));
}

/** Looks at the source as far as it has to be, and decides. */
async function decided(
  looking: Looking,
  offered: Source | Bundle,
  attempt: Attempt,
): Promise<{ plan: DeploymentPlan; content?: Content }> {
  const { snapshot, options, log } = looking;
  const unread = isOpened(offered) ? undefined : decideUnread(snapshot, offered.version, options);
  if (unread) {
    await attempt.during({ snapshot }, () => refuseUnexpected(unread.source.digest, options.expectedDigest));
    return { plan: unread };
  }
  const bundle = isOpened(offered)
    ? offered
    : await attempt.during({ snapshot }, () =>
        log.run('fetch', () => readSource(offered, snapshot.probe, options)),
      );
  const source = { ...bundle.source, digest: bundle.digest };
  return attempt.during({ snapshot, source }, async () => {
    await refuseUnusableHere(bundle, snapshot.probe, options);
    refuseUnexpected(bundle.digest, options.expectedDigest);
    const { version, content } = await observeVersion(bundle, looking);
    const plan = decideDeployment(snapshot, version, options);
    refuseFindings(plan.findings);
    if (options.pinning === 'place') {
      const { probe } = await observe(looking.client, options, { pinning: 'kernel' });
      refuseUnpinnable(probe);
    }
    const { planDigest } = options;
    if (planDigest) refuseOtherDigest(planDigest, digestOfPlan(plan, snapshot.side, options));
    return { plan, content };
  });
}

/** What was done, in the words of the output. */
function deployed(
  client: ExecutorClient,
  snapshot: Snapshot,
  plan: DeploymentPlan,
  learned: Learned,
): Parameters<typeof resultOf>[2] {
  const { probe } = snapshot;
  const { adoption, made, switchedMs, unpinned, pinning, backup, complaint, checks } = learned;
  const common = {
    source: plan.source,
    changes: plan.changes,
    ...(plan.findings.length > 0 && { findings: plan.findings }),
    checks,
    swap: swapOf(adoption, unpinned ?? 0, switchedMs),
    ...serviceResult(learned),
    ...waitingResult(learned),
    ...(pinning !== undefined && { pinning }),
    ...unseenIn(learned.unseen),
    ...rolloutOf(client, plan, snapshot, learned),
  };
  if (made === undefined) {
    return {
      ...common,
      status: 'unchanged',
      release: idOf(plan.before ?? 'adopted', learned),
      previousRelease: probe.previous,
      dependencies: reusedDependencies(plan.dependencies, plan.environment),
    };
  }
  return {
    ...common,
    status: learned.rollout ? 'watching' : 'deployed',
    release: made,
    previousRelease: plan.before === null ? null : idOf(plan.before, learned),
    dependencies: learned.dependencies ?? nothingProvided(plan.dependencies, false),
    backup: backup ?? null,
    ...(complaint !== undefined && { complaint }),
  };
}

/** How the release is watched that was deployed just now, or, where nothing was, the one that is live. */
function rolloutOf(
  client: ExecutorClient,
  { unchanged, before }: DeploymentPlan,
  { probe }: Snapshot,
  { rollout }: Learned,
): { rollout?: RolloutResult } {
  const { rollout: last } = probe;
  const standing = unchanged && last?.state === 'watching' && last.release === before ? last : undefined;
  const told = rollout ?? standing;
  return told ? { rollout: rolloutResult(client, told) } : {};
}
