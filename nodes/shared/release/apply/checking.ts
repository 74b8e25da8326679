/** Steps that give a release what it needs, and tell whether it is good. */
import type { RunResult } from '../../contract/facts';
import type { Entrypoint, ReleaseId } from '../../contract/names';
import type { ArgumentsOf } from '../../contract/verbs';
import { dependencyResult, DEPENDENCY_STEP, requestDependencies } from '../../dependencies/install';
import { type Check, CheckFailed, type CheckPhase, type CheckResult, isRepeated } from '../checks';
import type { StepOf } from '../steps';
import type { Answered, Handler } from './handler';
import { idOf } from './learned';
import { reasonOf } from './reason';

export const provide: Handler<StepOf<'provide'>> = {
  order: 'sent',
  send(step, { log, installing }, together, learned) {
    const provided = requestDependencies(together, {
      ...step,
      ...installing,
      release: idOf(step.release, learned),
      live: step.live === null ? null : idOf(step.live, learned),
      onOutput: log.outputOf(DEPENDENCY_STEP),
    });
    return {
      label: DEPENDENCY_STEP,
      answer: async () => ({
        learned: { dependencies: dependencyResult(await provided, step, installing.timeoutSeconds) },
      }),
    };
  },
};

const LABELS: Readonly<Record<CheckPhase, string>> = {
  before: 'check before the switch',
  after: 'check after the switch',
};

/** Checks run one after the other; after the first that does not pass nothing else is carried out. */
export const check: Handler<StepOf<'check'>> = {
  order: 'sent',
  send({ release, phase, checks, entrypoint, waiting = false }, { log }, together, learned) {
    const id = idOf(release, learned);
    const runs = checks.map((one) => ({
      check: one,
      run: together.call('run', runArguments(one, id, { phase, entrypoint, waiting }), {
        required: true,
        onOutput: log.outputOf(one.name),
      }),
    }));
    return { label: waiting ? 'check what waits' : LABELS[phase], answer: () => answered(phase, runs) };
  },
};

async function answered(
  phase: CheckPhase,
  runs: ReadonlyArray<{ check: Check; run: Promise<RunResult> }>,
): Promise<Answered> {
  const results: CheckResult[] = [];
  for (const { check: one, run } of runs) {
    const ended = await run;
    if (ended.startedAs === 'skipped') continue;
    const result = toResult(one, phase, ended);
    results.push(result);
    if (!result.passed) return { learned: { checks: results }, failure: new CheckFailed(result) };
  }
  return { learned: { checks: results } };
}

/** What the verb `run` is told of a check. */
export function runArguments(
  check: Check,
  release: ReleaseId,
  { phase, entrypoint, waiting }: { phase: CheckPhase; entrypoint: Entrypoint; waiting: boolean },
): ArgumentsOf<'run'> {
  const { type, timeoutSeconds, environment, code = '', command = '' } = check;
  if (type === 'engine') {
    const unlessInPlace = phase === 'after' && isRepeated(check);
    const started = { entrypoint, arguments: check.arguments ?? [], unlessInPlace };
    return { release, timeoutSeconds, environment, kind: type, ...started };
  }
  if (type === 'python') return { release, timeoutSeconds, environment, kind: type, code };
  if (type === 'command') return { release, timeoutSeconds, environment, kind: type, command };
  if (type === 'http') {
    const start = phase === 'before' ? check.start : undefined;
    return { release, timeoutSeconds, kind: type, http: check.http, start, waiting };
  }
  // A replay is a step of its own.
  return { release, kind: type === 'json' ? type : 'compile' };
}

function toResult(check: Check, when: CheckPhase, run: RunResult): CheckResult {
  const { passed, durationMs, output, startedAs } = run;
  const common = { name: check.name, type: check.type, when, passed, durationMs, output };
  const result: CheckResult =
    startedAs === undefined || startedAs === 'skipped' ? common : { ...common, startedAs };
  return passed ? result : { ...result, reason: reasonOf(check, run) };
}
