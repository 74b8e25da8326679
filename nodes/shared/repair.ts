import type { ReleaseId } from './contract/names';
import type { RawFinding } from './contract/findings';
import type { ResultOf } from './contract/verbs';
import { DeployError, toDeployError } from './errors';
import type { ExecutorClient } from './executor/client';
import type { CheckResult } from './release/checks';
import { explain, type Finding, type Remedy } from './release/findings';
import type { SwitchOptions } from './release/options';
import { settleUnconfirmed } from './release/repair';
import { restoreLive } from './release/restore';
import { type Place, placeOf } from './release/place';
import { type Step, StepLog } from './release/steps';

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
  checks: CheckResult[];
  steps: Step[];
  durationMs: number;
}

type Inspection = ResultOf<'inspect'>;

/** A finding on its way: what was told, what it means, and whether something was tried already. */
interface Case {
  raw: RawFinding;
  finding: Finding;
  remedy: Remedy;
  tried: boolean;
}

/** What comes first, since the rest depends on it. */
const ORDER: Remedy[] = [
  'settle',
  'restore',
  'leftovers',
  'adoption',
  'links',
  'missingFiles',
  'readOnly',
  'owner',
];

/** What is put right may bring to light what could not be seen before: links are looked at once something is live. */
const ROUNDS = 4;

/**
 * Looks for everything that is not as it should be, explains it, and puts right what is ours.
 *
 * @throws DeployError `LOCKED` while somebody is at work; `STEP` when no release can be made live again
 */
export async function repairEngine(client: ExecutorClient, options: RepairOptions): Promise<RepairResult> {
  const log = new StepLog(options.onStep);
  const checks: CheckResult[] = [];
  const found = await log.run('look', () => inspect(client, options));
  if (options.dryRun) refuseBusy(found, options.basePath);

  const cases = new Map<string, Case>();
  take(cases, found);
  const idle = !found.holder && cases.size === 0;
  if (!options.dryRun && found.deployed && !idle) {
    await log.run('lock', () => lock(client, options));
    await mendAll(client, options, cases, log, checks);
  }
  return resultOf(client, options, [...cases.values()], log, checks);
}

/** Mends what is ours, looks again, and so on until nothing is left that was not tried. */
async function mendAll(
  client: ExecutorClient,
  options: RepairOptions,
  cases: Map<string, Case>,
  log: StepLog,
  checks: CheckResult[],
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    take(cases, await log.run('look again', () => inspect(client, options)));
    const next = nextToMend([...cases.values()]);
    if (next.length === 0) break;
    for (const one of next) await mend(client, options, one, log, checks);
  }
  const broken = [...cases.values()].find(({ remedy, finding }) => remedy === 'restore' && !finding.done);
  if (broken) throw stillBroken(broken.finding, cases, options.basePath);
}

/** All that can be mended now. Until something is live nothing else is touched: it may be what is needed for that. */
function nextToMend(cases: Case[]): Case[] {
  const open = cases.filter(({ finding, remedy, tried }) => !finding.done && !tried && remedy !== 'nothing');
  const first = open.filter(({ remedy }) => remedy === 'settle');
  if (first.length > 0) return first;
  const live = open.filter(({ remedy }) => remedy === 'restore');
  if (live.length > 0) return live;
  return open.sort((one, other) => ORDER.indexOf(one.remedy) - ORDER.indexOf(other.remedy));
}

async function mend(
  client: ExecutorClient,
  options: RepairOptions,
  one: Case,
  log: StepLog,
  checks: CheckResult[],
): Promise<void> {
  one.tried = true;
  const { raw, remedy } = one;
  const { entrypoint } = options;
  try {
    if (raw.kind === 'unconfirmedSwitch') {
      const settled = await settleUnconfirmed(client, raw, options.checks, log, checks);
      one.finding.action = `The switch to ${settled.release} was ${settled.outcome}.`;
    } else if (remedy === 'restore') {
      const release = await restoreLive(client, options, log, checks);
      one.finding.action = `Release ${release} was made live again.`;
    } else if (remedy === 'remove') {
      const environments = [raw.path.split('/')[1]];
      await log.run(`remove ${raw.path}`, () => client.call('remove', { environments }));
    } else if (remedy !== 'nothing' && remedy !== 'settle') {
      await log.run(`mend ${raw.path}`, () =>
        client.call('mend', { what: remedy, path: raw.path, entrypoint }),
      );
    }
  } catch (error) {
    const reason = toDeployError(error);
    if (['LOST', 'CANCELLED', 'CONNECTION'].includes(reason.code)) throw reason;
    one.finding.action = `It could not be put right: ${[reason.message, reason.description].filter(Boolean).join('\n')}`;
  }
}

function inspect(
  client: ExecutorClient,
  { basePath, entrypoint, owner }: RepairOptions,
): Promise<Inspection> {
  return client.call('inspect', { basePath, entrypoint, owner });
}

function lock(
  client: ExecutorClient,
  { basePath, holder, lockWaitSeconds, owner }: RepairOptions,
): Promise<unknown> {
  const waitSeconds = lockWaitSeconds;
  return client.call('lock', { basePath, create: false, holder, waitSeconds, owner, clean: false });
}

/** Adds what is new; what is no longer found has been put right. */
function take(cases: Map<string, Case>, { findings }: Inspection): void {
  const left = new Set(findings.map(keyOf));
  for (const [key, { finding }] of cases) finding.done = !left.has(key);
  for (const raw of findings) {
    if (!cases.has(keyOf(raw))) cases.set(keyOf(raw), { raw, ...explain(raw), tried: false });
  }
}

function keyOf({ kind, path }: RawFinding): string {
  return `${kind} ${path}`;
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

function stillBroken(
  { explanation, action }: Finding,
  cases: Map<string, Case>,
  basePath: string,
): DeployError {
  const findings = [...cases.values()].map(({ finding }) => finding);
  return new DeployError('STEP', `No release could be made live in ${basePath}. ${explanation}`, {
    description: action,
    details: { live: null, findings },
  });
}

async function resultOf(
  client: ExecutorClient,
  { basePath, dryRun }: RepairOptions,
  cases: Case[],
  log: StepLog,
  checks: CheckResult[],
): Promise<RepairResult> {
  const { current, previous, liveSince } = await client.call('list', { basePath });
  const findings = cases.map(({ finding }) => finding);
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
