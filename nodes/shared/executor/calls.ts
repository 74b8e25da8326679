import { longestAnswer } from '../contract/parts';
import type { ResultOf, Verb } from '../contract/verbs';
import type { DeployError } from '../errors';
import { Gathered, type OnRows } from './gathered';
import type { AboutCall } from './readMessage';
import type { StepLimit } from './stepLimits';

export interface CallOptions {
  /** Calls of one group are sent without waiting; after one that did not go well, the rest are not carried out. */
  group?: number;
  /** Carried out beside the others. */
  background?: boolean;
  /** Nobody waits for its answer: what is asked for after it is sent at once. */
  unawaited?: boolean;
  /** One of many pieces, each of which is handed on as it comes. */
  oneOfMany?: boolean;
  /** A result that says `passed: false` stops the rest of the group, too. */
  required?: boolean;
  /** Gets a program's output as it comes. */
  onOutput?: ((text: string) => void) | undefined;
  /** Gets the rows of lists of the answer, by their place in it, as they come. Those lists are empty in the result. */
  onRows?: Readonly<Record<string, OnRows>> | undefined;
}

/** A result, and the milliseconds that the step took on the engine's side. */
export interface Answer<V extends Verb> {
  result: ResultOf<V>;
  ms: number;
}

/** A step that took longer than it may. */
export interface Overdue {
  readonly verb: Verb;
  readonly limit: StepLimit;
}

interface PendingCall {
  readonly verb: Verb;
  readonly limit: StepLimit;
  readonly gathered: Gathered<Verb>;
  readonly options: CallOptions;
  /** Seconds for which it was its turn. */
  spent: number;
  /** Bytes of its answer, of what that takes here, and of a program's output. */
  answered: number;
  kept: number;
  shown: number;
  /** Takes the result as it came. Throws a RangeError when it is none of the verb that was asked for. */
  resolve: (result: unknown, ms: number) => void;
  reject: (reason: DeployError) => void;
}

/** Whether this side can't go on without the answer. */
export function isAwaited({ background, unawaited }: CallOptions): boolean {
  return !background && !unawaited;
}

/** Bytes of the frames that show a program's output: an executor shows 256 KiB, escaped sixfold at most. */
const MOST_SHOWN = 4 * 1024 * 1024;

/** Bytes that all answers may take here that were asked for together: there is memory for more than one execution. */
const MOST_KEPT = 48 * 1024 * 1024;

/** The steps that were asked for and not answered yet. */
export class Calls {
  private readonly pending = new Map<number, PendingCall>();
  private kept = 0;

  /** Whether somebody waits for a step that isn't carried out beside the others. */
  get waiting(): boolean {
    for (const { options } of this.pending.values()) if (isAwaited(options)) return true;
    return false;
  }

  /** Resolves or rejects when the step with this number is answered. */
  add<V extends Verb>(id: number, verb: V, limit: StepLimit, options: CallOptions): Promise<Answer<V>> {
    if (this.pending.size === 0) this.kept = 0;
    return new Promise((resolve, reject) => {
      const gathered = new Gathered(verb, options.onRows);
      const answer = (result: unknown, ms: number) => resolve({ result: gathered.whole(result), ms });
      const nothingYet = { spent: 0, answered: 0, kept: 0, shown: 0 };
      this.pending.set(id, { verb, limit, gathered, options, ...nothingYet, resolve: answer, reject });
    });
  }

  /**
   * Takes an answer, or a part of it, to the call that it is for.
   *
   * @throws RangeError when it is no answer to that step, or nobody asked for it
   */
  take(message: AboutCall): void {
    const call = this.pending.get(message.id);
    if (!call) throw new RangeError(`an answer came that nobody asked for`);
    this.weigh(call, message);
    if (message.type === 'output') {
      call.options.onOutput?.(message.text);
      return;
    }
    if (message.type === 'part') {
      call.gathered.take(message.place, message.rows);
      return;
    }
    if (message.type === 'result') call.resolve(message.result, message.ms);
    else call.reject(message.reason);
    this.pending.delete(message.id);
    // Whoever asks for one thing after the other has done with it; others wait for all that they asked for together.
    if (call.options.background || call.options.oneOfMany) this.kept -= call.kept;
  }

  /**
   * Adds time to the steps that are being carried out, and returns one that has had more than it may.
   *
   * The executor carries out one after the other, in the order in which they were sent; what runs beside has started when
   * nothing before it is left.
   */
  spend(seconds: number): Overdue | undefined {
    for (const call of this.pending.values()) {
      call.spent += seconds;
      if (call.spent > call.limit.seconds) return call;
      if (!call.options.background) return undefined;
    }
    return undefined;
  }

  /** Gives the step that is being carried out more time. */
  allow(seconds: number): void {
    for (const call of this.pending.values()) {
      call.spent -= seconds;
      if (!call.options.background) return;
    }
  }

  /** Nothing more is answered. */
  refuseAll(reason: DeployError): void {
    for (const call of this.pending.values()) call.reject(reason);
    this.pending.clear();
  }

  /** Refuses what is more than any answer to that step. */
  private weigh(call: PendingCall, message: AboutCall): void {
    const { verb } = call;
    if (message.type === 'output') {
      call.shown += message.bytes;
      if (call.shown > MOST_SHOWN) throw new RangeError(`more output of ${verb} came than is ever shown`);
      return;
    }
    call.answered += message.bytes;
    const most = longestAnswer(verb);
    if (call.answered > most) throw new RangeError(`more than ${most} bytes came as the result of ${verb}`);
    if (message.type === 'part' && !call.gathered.keeps(message.place)) return;
    call.kept += message.kept;
    this.kept += message.kept;
    if (this.kept > MOST_KEPT) {
      throw new RangeError(
        `the result of ${verb} and what was asked for with it takes more than ${MOST_KEPT} bytes`,
      );
    }
  }
}
