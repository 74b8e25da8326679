import { createHash } from 'node:crypto';

import { DeployError } from './errors';
import type { Plan } from './plan';
import type { DeployOptions } from './release/options';

/** What a plan is made of, in the words of its refusal. What comes and goes by itself, such as free space, is left out. */
const PARTS = [
  'the engine',
  'the new version',
  'what is live',
  'the changes',
  'the dependencies',
  'the checks',
  'edits by hand',
  'what is adopted',
] as const;

const PART_DIGITS = 8;
const FORM = new RegExp(`^[0-9a-f]{64}(?:-[0-9a-f]{${PART_DIGITS}}){${PARTS.length}}$`);

/**
 * Names everything that a deployment would do: a SHA-256 over all of it, followed by the beginnings of those of its
 * parts, which only serve to say what has changed.
 */
export function digestOfPlan(plan: Omit<Plan, 'planDigest'>, options: DeployOptions): string {
  const { added, modified, removed, counts } = plan.changes;
  const { status: _status, packages: _packages, ...dependencies } = plan.dependencies;
  const parts: unknown[] = [
    [plan.host, plan.basePath, options.entrypoint],
    [plan.source.digest, options.selection.include, options.selection.exclude],
    plan.release,
    [added, modified, removed, counts.added, counts.modified, counts.removed, options.deployUnchanged],
    [options.dependencies.mode, dependencies],
    options.checks,
    plan.drift,
    plan.adopt,
  ];
  const texts = parts.map((part) => JSON.stringify(part));
  return [sha256(JSON.stringify(texts)), ...texts.map((text) => sha256(text).slice(0, PART_DIGITS))].join(
    '-',
  );
}

/**
 * Refuses to go on when the plan is another one now.
 *
 * @throws DeployError `INPUT` for what is no plan's digest, `PLAN_CHANGED` naming what has changed
 */
export function refuseOtherDigest(given: string, now: string): void {
  if (!FORM.test(given)) {
    throw new DeployError('INPUT', `Plan Digest ${JSON.stringify(given)} is not the digest of a plan.`, {
      description: 'Give the field planDigest of Plan Deployment’s output, or leave it empty.',
    });
  }
  if (given === now) return;
  const [, ...before] = given.split('-');
  const [, ...after] = now.split('-');
  const changed = PARTS.filter((_, index) => before[index] !== after[index]);
  throw new DeployError(
    'PLAN_CHANGED',
    `The plan is not the one that was approved: ${changed.join(', ')} changed since.`,
    {
      description: 'Plan the deployment again, have that approved, and deploy with its digest.',
      details: { changed, planDigest: now },
    },
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
