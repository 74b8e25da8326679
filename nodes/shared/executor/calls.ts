import { parseResult, type ResultOf, type Verb } from '../contract/verbs';
import type { DeployError } from '../errors';
import type { Message } from './readMessage';

export interface CallOptions {
  /** Calls of one group are sent without waiting; after one that did not go well, the rest are not carried out. */
  group?: number;
  /** Carried out beside the others. */
  background?: boolean;
  /** Nobody waits for its answer: what is asked for after it is sent at once. */
  unawaited?: boolean;
  /** A result that says `passed: false` stops the rest of the group, too. */
  required?: boolean;
  /** Gets a program's output as it comes. */
  onOutput?: (text: string) => void;
}

/** A result, and the milliseconds that the step took on the engine's side. */
export interface Answer<V extends Verb> {
  result: ResultOf<V>;
  ms: number;
}

interface PendingCall {
  /** How much of a program's output was passed on, in UTF-16 units. */
  shown: number;
  /** Takes the result as it came. Throws a RangeError when it is none of the verb that was asked for. */
  resolve: (result: unknown, ms: number) => void;
  reject: (reason: DeployError) => void;
  options: CallOptions;
}

/** Whether this side can't go on without the answer. */
export function isAwaited({ background, unawaited }: CallOptions): boolean {
  return !background && !unawaited;
}

/** Twice what an executor shows of one program's output while that runs. */
const MOST_SHOWN = 512 * 1024;

/** The steps that were asked for and not answered yet. */
export class Calls {
  private readonly pending = new Map<number, PendingCall>();

  /** Whether somebody waits for a step that isn't carried out beside the others. */
  get waiting(): boolean {
    for (const { options } of this.pending.values()) if (isAwaited(options)) return true;
    return false;
  }

  /** Resolves or rejects when the step with this number is answered. */
  add<V extends Verb>(id: number, verb: V, options: CallOptions): Promise<Answer<V>> {
    return new Promise((resolve, reject) => {
      const answer = (result: unknown, ms: number) => resolve({ result: parseResult(verb, result), ms });
      this.pending.set(id, { shown: 0, resolve: answer, reject, options });
    });
  }

  /**
   * Takes an answer to the call that it is for; one that nobody asked for is passed over.
   *
   * @throws RangeError when it is no answer to that step
   */
  take(message: Extract<Message, { id: number }>): void {
    const call = this.pending.get(message.id);
    if (!call) return;
    if (message.type === 'output') {
      // The executor shows no more than a part of what a program prints; one that shows more is not listened to.
      if (call.shown > MOST_SHOWN) return;
      call.shown += message.text.length;
      call.options.onOutput?.(message.text);
      return;
    }
    if (message.type === 'result') call.resolve(message.result, message.ms);
    else call.reject(message.reason);
    this.pending.delete(message.id);
  }

  /** Nothing more is answered. */
  refuseAll(reason: DeployError): void {
    for (const call of this.pending.values()) call.reject(reason);
    this.pending.clear();
  }
}
