import type { ReleaseId } from '../contract/names';
import type { ResultOf } from '../contract/verbs';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { isUnreachable } from '../executor/endings';
import { apply } from '../release/apply/apply';
import type { CheckResult } from '../release/checks';
import {
  type Case,
  type Cases,
  decideRepairStep,
  lookedAgain,
  nextToRepair,
  triedOne,
} from '../release/decide/repair';
import type { Finding } from '../release/meanings';
import type { SwitchOptions } from '../release/options';
import { type Place, placeOf } from '../release/place';
import { type Step, StepLog } from '../release/stepLog';
import { NothingRestorable, restoreLive } from './restore';
import { settle } from './settle';

/** What a repair takes. */
export interface RepairOptions extends SwitchOptions {
  /** Says what would be done, and changes nothing. */
  dryRun: boolean;
}

/** What was found, what was done about it, and what is live now. */
export interface RepairResult extends Place {
  /**
   * `sound`: nothing was found. `repaired`: all that was found was put right. `attention`: something is left that
   * people decide on. `planned`: a dry run found something.
   */
  status: 'sound' | 'repaired' | 'attention' | 'planned';
  release: ReleaseId | null;
  previousRelease: ReleaseId | null;
  liveSince: string | null;
  findings: Finding[];
  /** Of the releases that were tried, and of an interrupted switch. */
  checks: readonly CheckResult[];
  steps: Step[];
  durationMs: number;
}

type Inspection = ResultOf<'inspect'>;

/** What is put right may bring to light what could not be seen before: links are looked at once something is live. */
const ROUNDS = 4;

/** What was tried so far, and what was looked at for it. */
interface Progress {
  readonly cases: Cases;
  readonly checks: readonly CheckResult[];
}

/**
 * Looks for everything that is not as it should be, explains it, and puts right what is ours.
 *
 * @throws DeployError `LOCKED` while somebody is at work; `STEP` when no release can be made live again
 */
export async function repairEngine(client: ExecutorClient, options: RepairOptions): Promise<RepairResult> {
  const log = new StepLog(options.onStep);
  const found = await log.run('look', () => inspect(client, options));
  if (options.dryRun) refuseBusy(found, options.basePath);
  const seen: Progress = { cases: lookedAgain(new Map(), found.findings), checks: [] };
  const idle = !found.holder && seen.cases.size === 0;
  if (options.dryRun || !found.deployed || idle) return resultOf(client, options, seen, log);
  await log.run('lock', () => lock(client, options));
  return resultOf(client, options, await repairAll(client, options, seen, log), log);
}

/** Repairs what is ours, looks again, and so on until nothing is left that was not tried. */
async function repairAll(
  client: ExecutorClient,
  options: RepairOptions,
  seen: Progress,
  log: StepLog,
): Promise<Progress> {
  let progress = seen;
  for (let round = 0; round < ROUNDS; round++) {
    const { findings } = await log.run('look again', () => inspect(client, options));
    progress = { ...progress, cases: lookedAgain(progress.cases, findings) };
    const next = nextToRepair(progress.cases);
    if (next.length === 0) break;
    for (const one of next) {
      const { action, checks } = await repair(client, options, one, log);
      progress = {
        cases: triedOne(progress.cases, one, action),
        checks: [...progress.checks, ...checks],
      };
    }
  }
  const cases = [...progress.cases.values()];
  const broken = cases.find(({ remedy, finding }) => remedy === 'restore' && !finding.done);
  if (broken) throw stillBroken(broken.finding, cases, options.basePath);
  return progress;
}

/** What became of one finding, in words where there is something to say, and what was looked at for it. */
interface Repaired {
  readonly action?: string;
  readonly checks: readonly CheckResult[];
}

/** Tries to put one finding right. What can't be is said, and keeps nobody from the others. */
async function repair(
  client: ExecutorClient,
  options: RepairOptions,
  one: Case,
  log: StepLog,
): Promise<Repaired> {
  try {
    if (one.raw.kind === 'unconfirmedSwitch') {
      const { settled, checks } = await settle(client, one.raw, options, log);
      return { action: `The switch to ${settled.release} was ${settled.outcome}.`, checks };
    }
    if (one.remedy === 'restore') {
      const { release, checks } = await restoreLive(client, options, log);
      return { action: `Release ${release} was made live again.`, checks };
    }
    const { basePath, holder, entrypoint, dependencies: installing } = options;
    const plan = decideRepairStep(one, entrypoint);
    const outcome = await apply(plan, { client, basePath, holder, log, installing });
    return outcome.end === 'kept' ? { checks: [] } : couldNot(outcome.error);
  } catch (error) {
    return couldNot(toDeployError(error));
  }
}

/** With nobody there any more, nothing else can be tried, either. */
function couldNot(reason: DeployError): Repaired {
  if (isUnreachable(reason)) throw reason;
  const { message, description } = reason;
  const said = [message, description].filter(Boolean).join('\n');
  const checks = reason instanceof NothingRestorable ? reason.checks : [];
  return { action: `It could not be put right: ${said}`, checks };
}

function inspect(
  client: ExecutorClient,
  { basePath, entrypoint, owner }: RepairOptions,
): Promise<Inspection> {
  return client.call('inspect', { basePath, entrypoint, owner });
}

function lock(
  client: ExecutorClient,
  { basePath, holder, lockWaitSeconds: waitSeconds, owner }: RepairOptions,
): Promise<unknown> {
  return client.call('lock', { basePath, create: false, holder, waitSeconds, owner, clean: false });
}

function refuseBusy({ holder }: Inspection, basePath: string): void {
  if (!holder) return;
  const { workflow = 'another operation', execution, since } = holder;
  const who = `${workflow}${execution ? ` (execution ${execution})` : ''}`;
  throw new DeployError('LOCKED', `${who} is at work on ${basePath}${since ? ` since ${since}` : ''}.`, {
    description: 'What it has half done would look like damage. Run again when it has ended.',
    details: { holder },
  });
}

function stillBroken({ explanation, action }: Finding, cases: Case[], basePath: string): DeployError {
  const findings = cases.map(({ finding }) => finding);
  return new DeployError('STEP', `No release could be made live in ${basePath}. ${explanation}`, {
    description: action,
    details: { live: null, findings },
  });
}

async function resultOf(
  client: ExecutorClient,
  { basePath, dryRun }: RepairOptions,
  { cases, checks }: Progress,
  log: StepLog,
): Promise<RepairResult> {
  const { current, previous, liveSince } = await client.call('list', { basePath, most: 0 });
  const findings = [...cases.values()].map(({ finding }) => finding);
  return {
    status: statusOf(findings, dryRun),
    ...placeOf(client, basePath),
    release: current,
    previousRelease: previous,
    liveSince,
    findings,
    checks,
    steps: log.steps,
    durationMs: log.durationMs,
  };
}

function statusOf(findings: Finding[], dryRun: boolean): RepairResult['status'] {
  if (findings.length === 0) return 'sound';
  if (dryRun) return 'planned';
  return findings.every(({ done }) => done) ? 'repaired' : 'attention';
}
