/** The engine's lock: who else holds it, and what needs it. */
import { holder } from '../../contract/records';
import { number, orDropped } from '../../contract/shape';
import { failure } from './failure';
import { words } from './given';

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
