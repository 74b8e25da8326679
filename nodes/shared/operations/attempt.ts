import type { ReleaseId } from '../contract/names';
import type { SourceDescription } from '../contract/records';
import { NO_DEPENDENCY_RESULT } from '../dependencies/install';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { ConversationLost, isCutOff } from '../executor/endings';
import type { Outcome } from '../release/apply/apply';
import { type Learned, NOTHING_LEARNED } from '../release/apply/learned';
import type { Changes } from '../release/changes';
import { CheckFailed } from '../release/checks';
import { endOf, liveAfter, whatIsLive } from '../release/end';
import type { EngineOptions } from '../release/options';
import { placeOf, shownPlace } from '../release/place';
import { foundIn, type Snapshot } from '../release/snapshot';
import { StepLog } from '../release/stepLog';

export type OperationName = 'deployment' | 'rollback' | 'return to a plain directory';

/** What is known of an operation by some point; it goes into the details of what stops it there. */
export interface Known {
  readonly snapshot?: Snapshot;
  readonly source?: SourceDescription & { digest: string };
  /** Plain names that are adopted. */
  readonly adopts?: readonly string[];
  /** What the new release changes, once there is one. */
  readonly changes?: Changes;
  /** The release that is to go live, where it has a name from the start. */
  readonly target?: ReleaseId;
}

/** What stops an operation: all that comes before a plan is applied is `refused`. */
interface Stop {
  readonly end: Exclude<Outcome['end'], 'kept'>;
  readonly error: DeployError;
  readonly learned: Learned;
  readonly confirming?: boolean;
  readonly complaint?: string;
}

/** One go at an operation that changes what is live: what stops it says what is live then. */
export class Attempt {
  readonly log: StepLog;

  constructor(
    private readonly client: ExecutorClient,
    private readonly operation: OperationName,
    private readonly options: EngineOptions,
  ) {
    this.log = new StepLog(options.onStep);
  }

  /**
   * Does a part of the operation.
   *
   * @throws DeployError as `work` does, with what is live and what was `known` by then; the conversation is ended
   */
  async during<T>(known: Known, work: () => Promise<T> | T): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = toDeployError(thrown);
      throw await this.stopped({ end: 'refused', error, learned: NOTHING_LEARNED }, known);
    }
  }

  /**
   * What was learned as the plan was carried out, when it was kept.
   *
   * @throws DeployError otherwise; see {@link during}
   */
  async kept(outcome: Outcome, known: Known): Promise<Learned> {
    if (outcome.end === 'kept') return outcome.learned;
    throw await this.stopped(outcome, known);
  }

  /** Ends the conversation and words what happened, what is live, and what to do next. */
  private async stopped(stop: Stop, known: Known): Promise<DeployError> {
    const { error, learned } = stop;
    const step = this.log.current;
    const { target, snapshot } = known;
    const attempted = learned.made ?? target;
    const unwritten = await this.writeDown(stop, known, attempted);
    const ended = await this.client.close();
    const end = endOf({
      before: snapshot?.probe.current,
      plain: snapshot?.probe.current === null && (known.adopts?.length ?? 0) > 0,
      attempted,
      takenBack: stop.end === 'takenBack',
      confirming: stop.confirming ?? false,
      cancelled: error.code === 'CANCELLED',
      ended,
      abandoned: error instanceof ConversationLost && error.abandoned,
    });
    const place = placeOf(this.client, this.options.basePath);
    const details = {
      ...place,
      ...this.knownDetails(known, learned),
      ...(attempted !== undefined && { attempted }),
      ...error.details,
      ...(error instanceof CheckFailed && {
        reverted: stop.end === 'takenBack',
        dependencies: learned.dependencies ?? NO_DEPENDENCY_RESULT,
      }),
      ...complained(stop.complaint ?? unwritten ?? ended?.complaint),
      live: liveAfter(end),
      step,
      steps: this.log.steps,
      checks: learned.checks,
      durationMs: this.log.durationMs,
    };
    const now = whatIsLive(end, this.operation, shownPlace(place));
    const message = [sentence(error.message), now, ...stillUsed(ended?.left)].join(' ');
    return new DeployError(error.code, message, {
      description: error.description ?? this.nextStep(error),
      details,
      cause: error,
    });
  }

  private knownDetails({ snapshot, source, changes }: Known, { made }: Learned) {
    return {
      ...(snapshot && {
        previousRelease: snapshot.probe.current,
        ...foundIn(snapshot),
      }),
      ...(source && { source }),
      // A backup stays only with the switch it was made for.
      ...(made !== undefined && { changes, backup: null }),
      ...(made === undefined && changes && { changes }),
    };
  }

  /**
   * Has the engine's history say at which step it stopped. Of an operation that is cut off, the engine's side itself
   * writes down how, and of a switch that it is taken back. Resolves with what could not be written down, if so.
   */
  private async writeDown(
    { end, error }: Stop,
    { snapshot }: Known,
    attempted: ReleaseId | undefined,
  ): Promise<string | undefined> {
    if (!snapshot || end === 'takenBack' || isCutOff(error)) return undefined;
    const step = this.log.current || this.operation;
    const reason = error instanceof CheckFailed ? error.inHistory : `${error.code} in the step “${step}”`;
    try {
      await this.client.call('noteRefusal', { to: attempted ?? null, operation: this.operation, reason });
      return undefined;
    } catch (thrown) {
      const unwritten = toDeployError(thrown);
      if (isCutOff(unwritten)) return undefined;
      return `The history could not be written: ${unwritten.message}`;
    }
  }

  private nextStep({ code }: DeployError): string {
    if (code === 'CANCELLED')
      return `Run the ${this.operation} again when you want it; nothing is left to clean up.`;
    if (code === 'SOURCE_CHANGED') return `Run the ${this.operation} again when nobody writes to the source.`;
    return `Put right what the message names, then run the ${this.operation} again. Extractions go on with what is live.`;
  }
}

function complained(complaint: string | undefined): { complaint?: string } {
  return complaint === undefined ? {} : { complaint };
}

/** Of what was undone. */
function stillUsed(releases: readonly ReleaseId[] = []): string[] {
  const [first] = releases;
  if (first === undefined) return [];
  const what = releases.length === 1 ? `Release ${first} is` : `Releases ${releases.join(', ')} are`;
  return [`${what} still in use; the next operation or Repair Engine removes what is not by then.`];
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
