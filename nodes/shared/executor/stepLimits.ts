import type { ArgumentsOf, Verb } from '../contract/verbs';

/**
 * How often the Command Timeout a step may take, beside the time that it was given itself: those that read, copy or pack
 * whole trees of files take long where there are many.
 */
const SHORT = 2;
const LONG = 30;

const SHORT_STEPS: ReadonlySet<Verb> = new Set<Verb>([
  'history',
  'texts',
  'confirm',
  'drain',
  'waitForQuiet',
  'noteRefusal',
]);

/** Without a time of their own, checks and installations get these many seconds on the engine's side. */
const CHECK_SECONDS = 60;
const INSTALLATION_SECONDS = 600;

/** How long a run may wait before it is started. */
const WAITING_SECONDS = 24 * 3600;

/** Content that is sent slower than this, in bytes per second, is not being taken. */
const SLOWEST_TRANSFER = 10_000;

/** How long a step may take, and what that is made of. */
export interface StepLimit {
  readonly seconds: number;
  /** How many times the Command Timeout is in it. */
  readonly times: number;
}

/**
 * The longest that a step may take, whatever is said meanwhile: a share of the Command Timeout, and what the step itself
 * was told to wait.
 */
export function stepLimit<V extends Verb>(
  verb: V,
  args: ArgumentsOf<V>,
  commandTimeoutSeconds: number,
): StepLimit {
  const times = SHORT_STEPS.has(verb) ? SHORT : LONG;
  return { seconds: ownSeconds(verb, args) + times * commandTimeoutSeconds, times };
}

/** Seconds more for content that is sent meanwhile. */
export function transferSeconds(bytes: number): number {
  return bytes / SLOWEST_TRANSFER;
}

/** What steps are told to wait, each some of it. */
interface Times {
  readonly pauseSeconds?: number;
  readonly waitSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly readySeconds?: number;
}

function ownSeconds(verb: Verb, args: object): number {
  const given: Times = args;
  if (verb === 'run') return given.timeoutSeconds || CHECK_SECONDS;
  // One that waits for its turn, or for another one with its key, may wait long.
  if (verb === 'runEngine') return (given.timeoutSeconds ?? 0) + WAITING_SECONDS;
  if (verb === 'environment') return given.timeoutSeconds || INSTALLATION_SECONDS;
  return (given.pauseSeconds ?? 0) + (given.waitSeconds ?? given.readySeconds ?? 0);
}
