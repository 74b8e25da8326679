import type { Calls, Overdue } from './calls';
import type { Inbox } from './inbox';

/** A frame that has started to come has to be there after so many seconds: 1 MiB, on the slowest of lines. */
const FRAME_SECONDS = 60;

/** Why a conversation is ended from this side: the end of a sentence, and what to do about it. */
export interface Verdict {
  readonly how: string;
  readonly remedy: string;
}

/**
 * Sees to it that a conversation gets on: signs of life alone do not count. Time is counted in beats, so that a process
 * which stood still itself has not waited.
 */
export class Supervision {
  /** While this side has content to send and does not wait for the other to take it. */
  sending = false;
  private frame: number | undefined;
  private frameSeconds = 0;

  constructor(
    private readonly calls: Calls,
    private readonly inbox: Inbox,
  ) {}

  /** So many seconds have passed. Returns why the other side is to be given up, or undefined while all is well. */
  passed(seconds: number): Verdict | undefined {
    const { unfinished } = this.inbox;
    this.frameSeconds =
      unfinished !== undefined && unfinished === this.frame ? this.frameSeconds + seconds : 0;
    this.frame = unfinished;
    if (this.frameSeconds >= FRAME_SECONDS) {
      return {
        how: `a message began and did not end within ${FRAME_SECONDS} s`,
        remedy: 'See that the host and the line to it are not overloaded.',
      };
    }
    const overdue = this.sending ? undefined : this.calls.spend(seconds);
    return overdue && tooLong(overdue);
  }
}

function tooLong({ verb, limit: { seconds, times } }: Overdue): Verdict {
  return {
    how: `the step “${verb}” was not done within ${Math.round(seconds)} s`,
    remedy: `Its limit is ${times} times the Command Timeout, and what the step itself may wait. See what keeps the host; if it only needs longer, raise Command Timeout in the options.`,
  };
}
