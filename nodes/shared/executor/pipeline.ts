import type { ArgumentsOf, ResultOf, Verb } from '../contract/verbs';
import type { CallOptions } from './calls';

/** What carries out steps. */
interface Steps {
  call<V extends Verb>(verb: V, args: ArgumentsOf<V>, options: CallOptions): Promise<ResultOf<V>>;
  group(): number;
}

/**
 * Steps that are sent before their answers are awaited. After one that did not go well, the rest are not carried out.
 *
 * Each answer can be awaited by itself. One that nobody comes to await, since an earlier one did not go well, does not
 * count as unhandled: {@link settled} waits for all of them.
 */
export class Pipeline {
  private readonly sent: Array<Promise<unknown>> = [];
  private readonly group: number;

  constructor(private readonly steps: Steps) {
    this.group = steps.group();
  }

  /** Sends one more step. */
  call<V extends Verb>(
    verb: V,
    args: ArgumentsOf<V>,
    options: Omit<CallOptions, 'group'> = {},
  ): Promise<ResultOf<V>> {
    const answer = this.steps.call(verb, args, { ...options, group: this.group });
    answer.catch(() => undefined);
    this.sent.push(answer);
    return answer;
  }

  /** Resolves when every step was answered, however. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.sent);
  }
}
