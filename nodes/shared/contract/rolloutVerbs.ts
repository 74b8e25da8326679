/** The verbs for a release that is watched after its switch. */
import { CHANGING } from './changingVerbs';
import { LONGEST_SECONDS, MANY } from './limits';
import { basePath, entrypoint, releaseId } from './names';
import { path, words } from './plainTexts';
import { hexadecimal } from './records';
import { rollout, rolloutId, rule } from './rolloutFacts';
import { SERVICE } from './serviceVerbs';
import { count, flag, list, oneOf, optional, orNull, record, secondsUpTo } from './shape';

const seconds = secondsUpTo(LONGEST_SECONDS);
const { release: _release, ...times } = SERVICE.prepareService.arguments.fields;
const answer = record({ rollout: orNull(rollout) });

export const ROLLOUT = {
  /**
   * Has the live release watched from now on, by a process that outlives the conversation: by what runs tell and by checks,
   * until the time is over. Where it is bad, that makes `fallback` live again.
   */
  watch: {
    changes: true,
    arguments: record({
      release: releaseId,
      fallback: releaseId,
      entrypoint,
      seconds,
      rule,
      everySeconds: seconds,
      checks: list(record({ name: words, args: CHANGING.run.arguments }), MANY),
      /** Lines in them that hold a text, and more than so many take the release back: files, or programs that print a log. */
      logs: list(
        record({
          name: words,
          path: optional(path),
          command: optional(list(words, MANY)),
          text: words,
          limit: count,
        }),
        MANY,
      ),
      /** How services go back with it. */
      service: optional(
        record({
          prepare: optional(record(times)),
          switch: optional(SERVICE.switchService.arguments),
        }),
      ),
    }),
    result: answer,
  },
  /** Decides on the rollout. `settle`: as its guard would have, which is gone. `id`: of this one only. */
  endRollout: {
    changes: true,
    arguments: record({ id: optional(rolloutId), decision: oneOf('promote', 'abort', 'settle') }),
    result: answer,
  },
} as const;

export const ROLLOUT_READING = {
  /** The last rollout; null where there never was one. */
  getRollout: { changes: false, arguments: record({ basePath }), result: answer },
} as const;

export const ROLLOUT_RUNNING = {
  /** Tells the guard of a run that was judged here. `failed`: null where nobody knows. */
  countRun: {
    changes: true,
    arguments: record({
      basePath,
      release: releaseId,
      failed: orNull(flag),
      key: optional(orNull(hexadecimal)),
    }),
    result: record({ counted: flag }),
  },
} as const;
