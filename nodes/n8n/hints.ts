import type { NodeExecutionHint } from 'n8n-workflow';

import type { PlanResult } from '../shared/operations/plan';
import { shownPlace } from '../shared/release/place';
import type { CheckResult } from '../shared/release/checks';
import type { PreflightFinding } from '../shared/release/preflight';
import type { SwitchResult } from '../shared/release/result';
import type { ReplayResult } from '../shared/replay/replaySettings';
import type { RolloutStatus } from '../shared/operations/getRollout';
import type { RolloutResult } from '../shared/rollout/rolloutResult';
import type { EngineStatus } from '../shared/operations/status';
import type { StopRunsResult } from '../shared/operations/stopRuns';
import { type Unseen, unseenNotice } from '../shared/release/unseen';
import { printable } from '../shared/text/printable';
import { shownList } from '../shared/text/shownList';
import { asHtml } from './asHtml';

/** What a person should know after a deployment or rollback: what went live, and what to do if it is wrong. */
export function hintsFor(result: SwitchResult): NodeExecutionHint[] {
  const { status, release, previousRelease, host, swap, settled, complaint } = result;
  const { notices = [], findings = [] } = result;
  const where = `${shownPlace(result)} on ${host}`;
  const hints: NodeExecutionHint[] = [];
  if (settled) {
    hints.push(hint(`An interrupted switch to ${settled.release} was ${settled.outcome} first.`, 'warning'));
  }
  if (status === 'unchanged') {
    hints.push(hint(`${release} already is what is live in ${where}; nothing was changed.`, 'info'));
    hints.push(...outsideHints(result));
    return hints;
  }
  const back = previousRelease
    ? `If it is wrong, run Rollback Extraction Engine with the target Previous Release: it goes back to ${previousRelease}.`
    : 'It is the first release here, so there is nothing to roll back to yet.';
  hints.push(hint(`${release} is live in ${where}. ${back}`, 'info'));
  if (result.rollout) hints.push(watchedHint(result.rollout));
  // Said once: whoever goes on nevertheless wants it so.
  if (!previousRelease) hints.push(...notices.map((notice) => hint(notice, 'warning')));
  if (!previousRelease || swap.adopted) hints.push(...findingHints(findings));
  if (!swap.atomic) {
    hints.push(
      hint(
        `The file system can't exchange names: while adopting, a name was missing for ${swap.gapMs} ms.`,
        'warning',
      ),
    );
  }
  if (swap.unpinned > 0) {
    hints.push(
      hint(
        `Started before the adoption, still running and not pinned to a release: ${swap.unpinned} extractions.`,
        'warning',
      ),
    );
  }
  hints.push(...unseenHints(result.unseen));
  hints.push(...startedOtherwiseHints(result.checks));
  hints.push(...result.checks.flatMap(({ replay }) => (replay ? replayHints(replay) : [])));
  hints.push(...dependencyHints(result.dependencies), ...outsideHints(result));
  if (complaint) hints.push(hint(`The release is live, but not all was tidied up: ${complaint}`, 'warning'));
  return hints;
}

/** That what was started before the switch is not what workflows start. */
function startedOtherwiseHints(checks: readonly CheckResult[]): NodeExecutionHint[] {
  const others = checks.filter(({ startedAs }) => startedAs === 'code' || startedAs === 'release');
  return others.map(({ name, startedAs }) =>
    hint(
      `Before the switch, check “${name}” started the engine ${startedAs === 'code' ? 'pinned by code' : 'in its release'}, which is not how workflows start it: data that it opened was that of what was live. It was started as they do after the switch, too.`,
      'info',
    ),
  );
}

/** What a replay says of a release. */
export function replayHints({ verdict, summary, unused }: ReplayResult): NodeExecutionHint[] {
  const about =
    unused.length === 0
      ? []
      : [
          hint(
            `Not in any output: ${shownList(unused)}. See that these paths are spelled as differences name them.`,
            'warning',
          ),
        ];
  return [hint(summary, verdict === 'same' ? 'info' : 'warning'), ...about];
}

/** That some runs may be there which nobody can see. */
export function unseenHints(unseen: Unseen | undefined): NodeExecutionHint[] {
  const notice = unseenNotice(unseen);
  return notice === undefined ? [] : [hint(notice, 'warning')];
}

/** What a person should know before deploying. */
export function planHints({ notices, findings }: PlanResult): NodeExecutionHint[] {
  return [...notices.map((notice) => hint(notice, 'warning')), ...findingHints(findings)];
}

/** What was found beforehand. */
function findingHints(findings: readonly PreflightFinding[]): NodeExecutionHint[] {
  return findings.map(({ severity, sentence }) => hint(sentence, severity === 'kept' ? 'info' : 'warning'));
}

/** What a person has to know of an engine. */
export function statusHints({ unconfirmedSwitch, rollout }: EngineStatus): NodeExecutionHint[] {
  const watched = rollout?.state === 'watching' ? [watchedHint(rollout)] : [];
  if (!unconfirmedSwitch) return watched;
  return [
    ...watched,
    hint(
      `The switch to ${unconfirmedSwitch.to} was cut off and never confirmed: the next deployment or rollback runs its checks and keeps it or goes back.`,
      'warning',
    ),
  ];
}

/** How a rollout does. */
export function rolloutHints({ rollout, summary }: RolloutStatus): NodeExecutionHint[] {
  return [rollout ? watchedHint(rollout) : hint(summary, 'info')];
}

function watchedHint({ state, summary, overdue, survivesN8n }: RolloutResult): NodeExecutionHint {
  const bad = overdue || state === 'aborted' || state === 'inconclusive';
  const aside =
    state === 'watching' && !survivesN8n && !overdue
      ? ' What watches it ends with n8n’s own service or container; then the next operation decides.'
      : '';
  return hint(summary + aside, bad ? 'warning' : 'info');
}

/** That a list doesn't name all there are. */
export function leftOutHints(listed: number, all: number): NodeExecutionHint[] {
  if (listed >= all) return [];
  const left = (all - listed).toLocaleString('en');
  return [
    hint(
      `${all.toLocaleString('en')} releases are kept. Listed are the newest; ${left} older ones are not. Prune Releases removes what is no longer needed.`,
      'info',
    ),
  ];
}

/** That a list doesn't name all runs that there are. */
export function moreRunsHints(listed: number, all: number): NodeExecutionHint[] {
  if (listed >= all) return [];
  const [many, left] = [all, all - listed].map((count) => count.toLocaleString('en'));
  return [hint(`${many} runs are there. Listed are the oldest; ${left} younger ones are not.`, 'info')];
}

/** That there may be runs of other users that nobody can see from here. */
export function unseenRunsHints(unseen: Unseen): NodeExecutionHint[] {
  if (unseen === 0) return [];
  const what =
    unseen === null
      ? 'Processes of other users are hidden from this one'
      : `${unseen.toLocaleString('en')} ${unseen === 1 ? 'process' : 'processes'} of other users may run this engine, and this one may not look into ${unseen === 1 ? 'it' : 'them'}`;
  return [hint(`${what}. Set Become to “sudo” in the credential to have all runs listed.`, 'warning')];
}

/** What people have to see to after runs were stopped. */
export function stopRunsHints({ status, summary, unseen = 0 }: StopRunsResult): NodeExecutionHint[] {
  const left = status === 'attention' ? [hint(`${summary} The output says why.`, 'warning')] : [];
  return [...left, ...unseenRunsHints(unseen)];
}

/** A commit may change what hot deployment doesn't bring, which somebody has to bring another way. */
function outsideHints({ changes }: SwitchResult): NodeExecutionHint[] {
  const { ignored, counts, since } = changes;
  if (since === undefined || counts.ignored === 0) return [];
  const shown = ignored.slice(0, 5).join(', ') + (counts.ignored > 5 ? ' and more' : '');
  return [
    hint(
      `Changed since ${since.slice(0, 12)}, and not deployed here: ${shown}. That part needs an ordinary deployment.`,
      'info',
    ),
  ];
}

function dependencyHints({ packages, notice }: SwitchResult['dependencies']): NodeExecutionHint[] {
  const { added = [], removed = [], changed = [] } = packages ?? {};
  const changes = [
    ...added.map(({ name, version }) => `+ ${name} ${version}`),
    ...removed.map(({ name, version }) => `− ${name} ${version}`),
    ...changed.map(({ name, from, to }) => `${name} ${from} → ${to}`),
  ];
  const shown =
    changes.slice(0, 10).join(', ') + (changes.length > 10 ? `, and ${changes.length - 10} more` : '');
  return [
    ...(changes.length > 0 ? [hint(`Packages: ${shown}.`, 'info')] : []),
    ...(notice ? [hint(notice, 'warning')] : []),
  ];
}

/** Names, paths and reasons in it come from hosts and repositories. */
export function hint(message: string, type: Required<NodeExecutionHint>['type']): NodeExecutionHint {
  return { message: asHtml(printable(message)), type, location: 'outputPane' };
}
