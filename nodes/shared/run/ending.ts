/** How a run ended, from the facts that the engine's side has of it. */
import type { ResultOf } from '../contract/verbs';
import type { RunRequest } from './request';

/** The ends of a run; which of them a run had is never guessed. */
export const RUN_STATUSES = ['succeeded', 'failed', 'killed', 'timedOut', 'cancelled', 'unknown'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export type RunFacts = ResultOf<'runEngine'>;

/** A status, and where it isn't `succeeded` a sentence on why. */
export interface Ending {
  readonly status: RunStatus;
  readonly why?: string | undefined;
  /** What to do next. */
  readonly remedy?: string | undefined;
}

type Bounds = Pick<RunRequest, 'timeoutSeconds' | 'memoryLimitMegabytes' | 'successExitCodes' | 'repeatable'>;

/** As far as exit code, signal and limits decide. What its output says comes after. */
export function endingOf(facts: RunFacts, bounds: Bounds): Ending {
  if (facts.state === 'lost') {
    return {
      status: 'unknown',
      why: 'A run with this Run Key was started, and nobody knows how it ended.',
      remedy:
        'Look whether its work was done. Repeatable starts such a run again; another Run Key does, too.',
    };
  }
  if (facts.why) return { ...ENDED[facts.why](bounds), ...stillThere(facts) };
  if (facts.signal) return killedBy(facts.signal);
  const code = facts.exitCode ?? null;
  if (code === null) return { status: 'unknown', why: 'The run’s exit code is not known.' };
  if (bounds.successExitCodes.includes(code)) return { status: 'succeeded' };
  return {
    status: 'failed',
    why: `The run ended with exit code ${code}.`,
    remedy: code === NOT_FOUND || code === NOT_STARTABLE ? SHELL_CODES : undefined,
  };
}

const NOT_STARTABLE = 126;
const NOT_FOUND = 127;
const SHELL_CODES =
  'A shell says so when a program in a script can’t be found or started: see that it is installed there, by that name.';

const ENDED: Record<NonNullable<RunFacts['why']>, (bounds: Bounds) => Ending> = {
  timeout: ({ timeoutSeconds }) => ({
    status: 'timedOut',
    why: `The run was ended after ${timeoutSeconds} s, its Timeout.`,
    remedy: 'See in its output what it was at, or raise Timeout (Seconds) in the options.',
  }),
  memory: ({ memoryLimitMegabytes }) => ({
    status: 'killed',
    why: `The run was ended: it took more than ${memoryLimitMegabytes} MB, its Memory Limit.`,
    remedy: 'Give it less at once, or raise Memory Limit (Megabytes) in the options.',
  }),
  cancelled: () => ({ status: 'cancelled', why: 'The run was cancelled.' }),
  left: () => ({ status: 'cancelled', why: 'The run was ended, since nobody waited for it any more.' }),
};

function killedBy(signal: string): Ending {
  return {
    status: 'killed',
    why: `The run was killed by ${signal}.`,
    remedy:
      signal === 'SIGKILL'
        ? 'Nobody of ours did that: most often the host, or the container, had no memory left.'
        : undefined,
  };
}

/** Processes that wait for a disk, or belong to somebody else, can't be ended. */
function stillThere({ left = 0 }: RunFacts): Partial<Ending> {
  if (left === 0) return {};
  return { remedy: `${left} of its processes could not be ended and are still there; see Get Many Runs.` };
}
