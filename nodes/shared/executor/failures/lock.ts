/** The engine's lock: who else holds it, and what needs it. */
import { count, number, orDropped, record } from './facts';
import { failure } from './failure';
import { word, words } from './given';

/** As it is written beside the lock: by other versions, or by anybody. */
const holder = record({
  workflow: orDropped(word),
  execution: orDropped(word),
  operation: orDropped(word),
  since: orDropped(word),
  processId: orDropped(count),
});

export const LOCK = {
  locked: failure({
    code: 'LOCKED',
    facts: { holder: orDropped(holder), basePath: words, waitedSeconds: number },
    message: ({ holder: { workflow, execution, since } = {}, basePath, waitedSeconds }) =>
      [
        workflow || 'another operation',
        execution && ` (execution ${execution})`,
        ` holds the lock of ${basePath}`,
        since && ` since ${since}`,
        waitedSeconds && ` after waiting ${Number(waitedSeconds.toPrecision(6))} s`,
      ]
        .filter(Boolean)
        .join('') + '.',
    description: ({ holder: { processId = 'unknown' } = {} }) =>
      `Wait for it to end, raise Lock Wait Seconds, or stop that execution: the lock ends with its process (id ${processId} on the engine's side).`,
    details: ['holder'],
  }),
  lockNeeded: failure({
    code: 'STEP',
    facts: {},
    message: 'This step changes the engine and needs its lock first.',
  }),
};
