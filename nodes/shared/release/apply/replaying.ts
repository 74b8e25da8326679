/** The step that compares a release with what is live, by the same inputs, before the switch. */
import { asStarted } from '../../replay/asStarted';
import { replay, type Replaying } from '../../replay/replayRuns';
import type { ReplayResult, ReplaySettings } from '../../replay/replaySettings';
import { type Check, CheckFailed, type CheckResult } from '../checks';
import type { StepOf } from '../steps';
import type { Handler } from './handler';
import { idOf } from './learned';

export const replayInputs: Handler<StepOf<'replayInputs'>> = {
  // Its runs are asked for one after the other: nothing may be sent behind them before they tell.
  order: 'awaited',
  send({ release, live, check, entrypoint }, { client, basePath, holder, log, filesOf }, _together, learned) {
    const given = settingsOf(check);
    const { start, words } = asStarted(entrypoint, given.arguments);
    const settings = { ...given, arguments: words };
    const what: Replaying = {
      ...{
        basePath,
        holder,
        start,
        environment: check.environment,
        live: live ?? undefined,
        other: idOf(release, learned),
        candidate: true,
      },
      filesOf,
      onProgress: log.outputOf(check.name),
    };
    return {
      label: 'replay',
      answer: async () => {
        const started = performance.now();
        const found = await replay(client, what, settings);
        const result = resultOf(check, found, settings, Math.round(performance.now() - started));
        return { learned: { checks: [result] }, ...(!result.passed && { failure: new CheckFailed(result) }) };
      },
    };
  },
};

/** A check of another type is no replay's: a plan that says so is a defect. */
function settingsOf({ name, replay: settings }: Check): ReplaySettings {
  if (!settings) throw new TypeError(`the check ${name} says nothing of what to replay`);
  return settings;
}

function resultOf(
  { name, type }: Check,
  found: ReplayResult,
  settings: ReplaySettings,
  durationMs: number,
): CheckResult {
  const passed = isGoodEnough(found, settings);
  const result = {
    name,
    type,
    when: 'before' as const,
    passed,
    durationMs,
    output: outputOf(found, settings),
  };
  return { ...result, replay: found, ...(!passed && { reason: reasonOf(found) }) };
}

function isGoodEnough({ verdict, differenceDigest }: ReplayResult, settings: ReplaySettings): boolean {
  if (verdict !== 'different') return verdict === 'same';
  const { onDifferent, differenceDigest: approved } = settings;
  return onDifferent === 'accept' || (onDifferent === 'approve' && approved === differenceDigest);
}

/** Completes a sentence. */
function reasonOf({ summary }: ReplayResult): string {
  return summary.charAt(0).toLowerCase() + summary.slice(1);
}

function outputOf(found: ReplayResult, { onDifferent }: ReplaySettings): string {
  const { summary, differences, failing, missing, differenceDigest, verdict } = found;
  const asks = verdict === 'different' && onDifferent === 'approve';
  return [
    summary,
    ...failing.map(({ input, why }) => `${input}: ${why}`),
    ...missing.map(({ input, file }) => `${input}: ${file} is not put out`),
    ...differences.map(
      ({ input, path, live, other }) => `${input}: ${path}: ${live ?? 'nothing'} → ${other ?? 'nothing'}`,
    ),
    ...(asks ? [`To let exactly this go live, set Approved Differences to ${differenceDigest}.`] : []),
  ].join('\n');
}
