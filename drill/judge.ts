import assert from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { DeployOptions } from '../nodes/shared/release/options';
import type { Check } from '../nodes/shared/release/checks';
import { repairEngine } from '../nodes/shared/operations/repair';
import { getStatus } from '../nodes/shared/operations/status';
import { deployOptions, deployTo, inConversation, PYTHON } from '../test/support/deployment';
import { keptNames, liveTree, seenThrough, treeOf } from '../test/support/snapshot';

// Loose comparisons, as what is compared may come from another realm; all of it is text and lists of text.

/** Which version extractions find: to the last byte the old or the new one. Anything else is what must never be. */
export function whatIsLive(base: string, old: string, next: string): 'old' | 'new' {
  const seen = withoutEntrypoint(seenThrough(base));
  const isOld = same(seen, withoutEntrypoint(treeOf(old)));
  if (!isOld) assert.deepEqual(seen, withoutEntrypoint(treeOf(next)));
  const printed = execFileSync(PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' });
  const version = /"version": "(\d)"/.exec(
    readFileSync(join(isOld ? old : next, 'config/engine.json'), 'utf8'),
  )?.[1];
  assert.strictEqual(printed, `${version} ${version}`);
  return isOld ? 'old' : 'new';
}

/** The launcher stands in for it. */
function withoutEntrypoint({
  'run.py': _program,
  ...others
}: Record<string, string>): Record<string, string> {
  return others;
}

function same(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}

/** Nothing is left to put right: no lock, lease, staging, temporary name or open switch. */
export async function expectSound(base: string, serves = false): Promise<void> {
  const options = { ...deployOptions(base), dryRun: true };
  const { findings } = await inConversation((client) => repairEngine(client, options));
  const left = findings.filter(({ kind, path }) => path !== STARTED_WITH && !MAY_STAY.includes(kind));
  assert.deepEqual(left, []);
  const status = await inConversation((client) => getStatus(client, options));
  assert.strictEqual(status.lockedBy, null);
  assert.strictEqual(status.unconfirmedSwitch, null);
  if (!serves) assert.deepEqual(status.releasesInUse, []);
  assert.strictEqual(existsSync(join(base, '.hot-deploy/holder.json')), false);
}

/** What the scenario `repair` starts with. */
const STARTED_WITH = 'gone';

/**
 * A name that is still to be adopted is used as it is. An environment that was built to its end is there for the next
 * try, and goes with retention.
 */
const MAY_STAY = ['plainName', 'orphanEnvironment'];

/** Decides on a switch that was cut off, as any operation does first. */
export async function repair(base: string, checks: Check[]): Promise<void> {
  const options = { ...deployOptions(base), checks, dryRun: false };
  await inConversation((client) => repairEngine(client, options));
}

/** The next deployment goes through at once, with no hand needed, and nothing is left over. */
export async function expectStraightThrough(
  base: string,
  version: string,
  changes: Partial<DeployOptions> = {},
): Promise<void> {
  // Where it would be the first one, the plain directory has code that no version has.
  const { status } = await deployTo(base, version, {
    lockWaitSeconds: 0,
    removeOldCode: true,
    ...changes,
  });
  assert.ok(status === 'deployed' || status === 'unchanged');
  assert.deepEqual(liveTree(base), treeOf(version));
  const kept = keptNames(base);
  assert.deepEqual(kept['.hot-deploy/staging'], []);
  assert.deepEqual(
    Object.values(kept)
      .flat()
      .filter((name) => name.endsWith('.tmp')),
    [],
  );
  const recorded = new Set(kept['.hot-deploy/releases'].map((name) => name.split('.')[0]));
  assert.deepEqual([...recorded].sort(), kept.releases);
}

/** Resolves when a process that isn't our child has ended; rejects when it hasn't within `ms`. */
export async function processEnd(processId: number, ms: number): Promise<void> {
  for (const end = Date.now() + ms; isRunning(processId); await pause(5)) {
    if (Date.now() > end) throw new Error(`the executor (process ${processId}) still runs after ${ms} ms`);
  }
}

function isRunning(processId: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return false;
  }
}
