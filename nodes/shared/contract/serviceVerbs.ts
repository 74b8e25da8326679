/** The verbs for services that keep running, which a switch has to take along, and for the moment that it waits for: each needs the engine's lock. */
import { LONGEST_SECONDS, LONGEST_TEXT, LONGEST_WORD, MANY } from './limits';
import { releaseId } from './names';
import { kindName, label, moment, word, words } from './plainTexts';
import {
  count,
  countUpTo,
  flag,
  list,
  matching,
  number,
  oneOf,
  optional,
  orNull,
  record,
  secondsUpTo,
  text,
  type TypeOf,
} from './shape';

const seconds = secondsUpTo(LONGEST_SECONDS);

export const SIGNALS = ['HUP', 'TERM', 'INT', 'QUIT', 'USR1', 'USR2'] as const;
export const UNIT_ACTIONS = ['restart', 'reload'] as const;

/** A unit of systemd's, and never an option. */
export const unitName = matching<string>('[A-Za-z0-9@_][A-Za-z0-9@:_.\\\\-]*', 255);
/** A container's name or id. */
export const containerName = matching<string>('[A-Za-z0-9][A-Za-z0-9_.-]*', 255);

/** How a service is told to load what is live: what `by` needs is there. */
const reload = record({
  by: oneOf('pidFile', 'processes', 'unit', 'container', 'command'),
  /** For `pidFile`: from the base path on, or absolute. */
  path: optional(words),
  /** For `pidFile` and `processes`. */
  signal: optional(oneOf(...SIGNALS)),
  unit: optional(unitName),
  unitAction: optional(oneOf(...UNIT_ACTIONS)),
  userUnit: optional(flag),
  container: optional(containerName),
  /** For `command`: the program and its arguments. */
  command: optional(list(text(LONGEST_TEXT), MANY)),
  timeoutSeconds: seconds,
});
export type ReloadAction = TypeOf<typeof reload>;

const serviceName = matching<string>('serve(?:-[a-z0-9-]{1,32})?', LONGEST_WORD);

/** One version of a service that `serve.py` runs. Null: the plain directory. */
const generation = record({
  release: orNull(releaseId),
  state: oneOf('starting', 'waiting', 'live', 'draining', 'kept', 'restarting', 'unknown'),
  pinning: oneOf('place', 'code', 'release', 'plain'),
  pid: optional(count),
  sinceSeconds: optional(count),
  restarts: optional(count),
  memoryMb: optional(count),
  processes: optional(count),
  connections: optional(count),
  /** Connections that have come while it was the one that gets them; absent where others take some, too. */
  accepted: optional(count),
});

/** A service that `serve.py` runs for an engine. */
export const runningService = record({
  name: serviceName,
  listen: list(label, MANY),
  handOvers: count,
  /** Connections that came to a version when it had ended. */
  abandoned: count,
  generations: list(generation, MANY),
  /** What it did by itself, when its version crashed again and again. */
  reverted: optional(record({ from: orNull(releaseId), to: orNull(releaseId), at: moment })),
});
export type RunningService = TypeOf<typeof runningService>;

/** What kept a service from being taken back with a switch, as a refusal. */
export const serviceRefusal = record({
  kind: kindName,
  facts: record({
    by: optional(kindName),
    said: optional(text(LONGEST_TEXT)),
    exitCode: optional(orNull(count)),
    program: optional(words),
    path: optional(words),
    why: optional(word),
    release: optional(orNull(releaseId)),
    service: optional(serviceName),
    lastLines: optional(text(LONGEST_TEXT)),
    signal: optional(orNull(word)),
  }),
});

export const SERVICE = {
  /**
   * Has the services that `serve.py` runs start a release beside what answers, and waits until it is ready. `null`: the
   * plain directory. Until `confirm` the end of the conversation takes it back.
   */
  prepareService: {
    changes: true,
    arguments: record({
      release: orNull(releaseId),
      readySeconds: seconds,
      /** How long the old one has for what is in progress, and how long it is kept besides, to go back to. */
      drainSeconds: seconds,
      keepOldSeconds: seconds,
    }),
    result: record({ services: count, milliseconds: number }),
  },
  /** Has the service go over to what was made current: what was prepared, or by `reload`. */
  switchService: {
    changes: true,
    arguments: record({
      reload: optional(reload),
      /** Where it answers: how long it doesn't is measured there. */
      address: optional(record({ host: words, port: countUpTo(65535) })),
      /** Whether no switch comes with it: what was prepared is live already, and is kept at once. */
      alone: optional(flag),
    }),
    result: record({ method: oneOf('reload', 'handOver'), milliseconds: number }),
  },
  /**
   * Pauses, and then waits until no run of any release is in progress and no request is at a service that `serve.py` runs.
   * Nothing is held back meanwhile. Says what is in progress at the end: nothing, where it is quiet.
   */
  waitForQuiet: {
    changes: true,
    arguments: record({ pauseSeconds: seconds, waitSeconds: seconds }),
    result: record({
      quiet: flag,
      runs: list(record({ processId: count, release: orNull(releaseId) }), MANY),
      /** Null where the service didn't say in time. */
      requests: list(record({ service: word, connections: orNull(count) }), MANY),
      milliseconds: number,
    }),
  },
} as const;
