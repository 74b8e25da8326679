import type { ReleaseId } from '../../contract/names';
import { type DeployError, toDeployError } from '../../errors';
import { isUnreachable } from '../../executor/endings';
import { worded } from '../../executor/failures';
import type { Pipeline } from '../../executor/pipeline';
import { CheckFailed } from '../checks';
import type { Plan, Step } from '../steps';
import { check, provide } from './checking';
import type { Answered, Applying, Handler, Sent } from './handler';
import { type Learned, NOTHING_LEARNED, withMore } from './learned';
import { backUp, bring, compareReleases, copyPlain, describe, place } from './making';
import { waitForQuiet } from './moment';
import { removeEnvironment, repair } from './repair';
import { replayInputs } from './replaying';
import { prepareService, switchService } from './services';
import { adopt, confirm, detach, dismantle, drain, flip, prune, takeBack } from './switching';
import { watch } from './watching';

/**
 * How a plan ended.
 *
 * - `kept`: every step was carried out
 * - `refused`: one was not, before anything was switched
 * - `takenBack`: one was not, after the switch, which was taken back
 * - `unknown`: what became of a switch is for the engine's side to tell: the conversation broke off, or `confirming`
 */
export type Outcome =
  | { readonly end: 'kept'; readonly learned: Learned }
  | Stopped<'refused'>
  | (Stopped<'takenBack'> & {
      readonly live: ReleaseId | null;
      /** What keeps a service from what is live again, in a sentence. */
      readonly complaint?: string;
    })
  | (Stopped<'unknown'> & { readonly confirming: boolean });

interface Stopped<E extends string> {
  readonly end: E;
  /** Why, in a sentence. */
  readonly error: DeployError;
  /** The step that was not carried out. */
  readonly at: Step['step'];
  readonly learned: Learned;
}

const HANDLERS: { readonly [K in Step['step']]: Handler<Extract<Step, { step: K }>> } = {
  copyPlain,
  adopt,
  describe,
  backUp,
  bring,
  place,
  drain,
  compareReleases,
  provide,
  check,
  replayInputs,
  prepareService,
  waitForQuiet,
  flip,
  switchService,
  takeBack,
  confirm,
  watch,
  prune,
  detach,
  dismantle,
  repair,
  removeEnvironment,
};

/** Carries out a plan: the only interpreter of steps. Never rejects; how it ended is the {@link Outcome}. */
export async function apply(plan: Plan, context: Applying): Promise<Outcome> {
  let learned = NOTHING_LEARNED;
  for (const stretch of stretchesOf(plan.steps)) {
    const together = context.client.pipeline();
    for (const { step, answer } of sendAll(stretch, context, together, learned)) {
      const answered = await answer();
      learned = withMore(learned, answered.learned);
      if (answered.failure) {
        return stop(plan, { at: step.step, error: answered.failure, learned }, context);
      }
    }
    await together.settled();
  }
  return { end: 'kept', learned };
}

/** A step that was sent. */
interface InProgress {
  readonly step: Step;
  /** What became of it; a rejection is a failure. */
  answer(): Promise<Answered>;
}

/** Sends the steps of one stretch, in their order. Given back in the order in which they are awaited. */
function sendAll(
  steps: readonly Step[],
  context: Applying,
  together: Pipeline,
  learned: Learned,
): InProgress[] {
  const sent = steps.map((step) => {
    const one = handlerOf(step).send(step, context, together, learned);
    return { step, answer: () => logged(one, context) };
  });
  const beside = ({ step }: InProgress) => handlerOf(step).order === 'beside';
  return [...sent.filter((one) => !beside(one)), ...sent.filter(beside)];
}

async function logged({ label, answer }: Sent, { log }: Applying): Promise<Answered> {
  try {
    return await (label === undefined ? answer() : log.run(label, answer));
  } catch (error) {
    return { failure: toDeployError(error) };
  }
}

function handlerOf<S extends Step>(step: S): Handler<S> {
  // A table that is indexed by the step's own kind holds that kind's handler, which the compiler can't see.
  return HANDLERS[step.step] as unknown as Handler<S>;
}

/** Steps that are sent together: up to one whose answer the next needs. */
function stretchesOf(steps: readonly Step[]): Step[][] {
  const stretches: Step[][] = [];
  let open: Step[] | undefined;
  for (const step of steps) {
    if (!open) stretches.push((open = []));
    open.push(step);
    const { order } = handlerOf(step);
    if (order === 'awaited' || isLastLook(step)) open = undefined;
  }
  return stretches;
}

/** Nothing is confirmed before it was seen that all is well. */
function isLastLook(step: Step): boolean {
  return step.step === 'check' && step.phase === 'after';
}

/**
 * Ends a plan at a step: what was switched is taken back, unless it may have been kept. With nobody there who could do
 * that, it is for the engine's side.
 */
async function stop(
  plan: Plan,
  { at, error, learned }: Omit<Stopped<string>, 'end'>,
  { client, log }: Applying,
): Promise<Outcome> {
  const switched =
    learned.adoption !== undefined || learned.switchedMs !== undefined || plan.settles !== undefined;
  if (!switched)
    return { end: isUnreachable(error) ? 'unknown' : 'refused', error, at, learned, confirming: false };
  const confirming = at === 'confirm';
  if (confirming || isUnreachable(error)) return { end: 'unknown', error, at, learned, confirming };
  const why = reasonToRevert(error);
  const reason = plan.settles === undefined ? why : `interrupted, and ${why}`;
  try {
    const { live, service } = await log.run('switch back', () => client.call('revert', { reason }));
    const complaint = service && worded(service.kind, service.facts).message;
    return { end: 'takenBack', error, at, learned, live, ...(complaint && { complaint }) };
  } catch (reverting) {
    return { end: 'unknown', error: toDeployError(reverting), at, learned, confirming: false };
  }
}

/** What the history says of it. */
function reasonToRevert(error: DeployError): string {
  if (error instanceof CheckFailed) return error.inHistory;
  const { code } = error;
  return code === 'NOT_FOUND' ? 'the release is gone' : `${code} after the switch`;
}
