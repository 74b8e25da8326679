import { createHash } from 'node:crypto';

import { DeployError } from '../../errors';
import type { Check } from '../checks';
import type { DeployOptions } from '../options';
import type { Side } from '../snapshot';
import type { DeploymentPlan } from './deploy';

/** What a plan is made of, in the words of its refusal. What comes and goes by itself, such as free space, is left out. */
const PARTS = [
  'the engine',
  'the new version',
  'what is live',
  'the changes',
  'the dependencies',
  'the checks or the service',
  'edits by hand',
  'what is adopted',
] as const;

const PART_DIGITS = 8;
const BODY = `[0-9a-f]{64}(?:-[0-9a-f]{${PART_DIGITS}}){${PARTS.length}}`;
/** Tells which version of the plan was hashed; the first had no name. */
const VERSION = 'p2';
const FORM = new RegExp(`^${VERSION}-${BODY}$`);
const EARLIER_FORM = new RegExp(`^${BODY}$`);

/**
 * Names everything that a deployment would do: a SHA-256 over the plan, followed by the beginnings of those of its
 * parts, which only serve to say what has changed.
 */
export function digestOfPlan(plan: DeploymentPlan, { host, basePath }: Side, options: DeployOptions): string {
  const { added, modified, removed, counts } = plan.changes;
  const { entrypoint, selection } = options;
  const parts: unknown[] = [
    [host, basePath, entrypoint],
    [
      plan.source.digest,
      selection.include,
      selection.exclude,
      ...(selection.shared ? [selection.shared] : []),
    ],
    plan.release,
    [plan.unchanged, added, modified, removed, counts.added, counts.modified, counts.removed],
    [plan.dependencies, plan.unchanged ? plan.environment : null],
    withService(plan),
    plan.drift,
    plan.adopts,
  ];
  const texts = parts.map((part) => JSON.stringify(part));
  const beginnings = texts.map((text) => sha256(text).slice(0, PART_DIGITS));
  return [VERSION, sha256(JSON.stringify(texts)), ...beginnings].join('-');
}

/** The checks and, where a service is taken along, how: a plan without one is what it was before there were any. */
function withService({ checks, steps }: DeploymentPlan): unknown {
  const service = steps.filter(({ step }) => step === 'prepareService' || step === 'switchService');
  const planned = checks.map(withoutApproval);
  return service.length > 0 ? [planned, service] : planned;
}

/** What differs is approved after the plan was, and names exactly that itself. */
function withoutApproval(check: Check): Check {
  return check.replay ? { ...check, replay: { ...check.replay, differenceDigest: '' } } : check;
}

/**
 * Refuses to go on when the plan is another one now.
 *
 * @throws DeployError `INPUT` for what is no plan's digest, `PLAN_CHANGED` naming what has changed, or that the plan was
 * approved under an earlier version of the package
 */
export function refuseOtherDigest(given: string, now: string): void {
  if (given === now) return;
  const again = 'Plan the deployment again, have that approved, and deploy with its digest.';
  if (EARLIER_FORM.test(given)) {
    throw new DeployError(
      'PLAN_CHANGED',
      'The plan was approved under an earlier version of this node, which planned in another way.',
      { description: again, details: { changed: [], planDigest: now } },
    );
  }
  if (!FORM.test(given)) {
    throw new DeployError('INPUT', `Plan Digest ${JSON.stringify(given)} is not the digest of a plan.`, {
      description: 'Give the field planDigest of Plan Deployment’s output, or leave it empty.',
    });
  }
  const [, , ...before] = given.split('-');
  const [, , ...after] = now.split('-');
  const changed = PARTS.filter((_, index) => before[index] !== after[index]);
  throw new DeployError(
    'PLAN_CHANGED',
    `The plan is not the one that was approved: ${changed.join(', ')} changed since.`,
    { description: again, details: { changed, planDigest: now } },
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
