import type { Refusal } from './refusal';

export const LOCK: readonly Refusal[] = [
  {
    kind: 'locked',
    facts: {
      holder: { workflow: 'Nightly', execution: '7', since: '2026-11-23T17:15:01Z', processId: 42 },
      basePath: '/app',
      waitedSeconds: 2.5,
    },
    code: 'LOCKED',
    message: 'Nightly (execution 7) holds the lock of /app since 2026-11-23T17:15:01Z after waiting 2.5 s.',
    description:
      "Wait for it to end, raise Lock Wait Seconds, or stop that execution: the lock ends with its process (id 42 on the engine's side).",
    details: {
      holder: { workflow: 'Nightly', execution: '7', since: '2026-11-23T17:15:01Z', processId: 42 },
    },
  },
  {
    kind: 'locked',
    facts: { holder: {}, basePath: '/app', waitedSeconds: 0 },
    code: 'LOCKED',
    message: 'another operation holds the lock of /app.',
    description:
      "Wait for it to end, raise Lock Wait Seconds, or stop that execution: the lock ends with its process (id unknown on the engine's side).",
    details: { holder: {} },
  },
  {
    kind: 'locked',
    facts: { holder: { workflow: 'a' }, basePath: '/app', waitedSeconds: 10 },
    code: 'LOCKED',
    message: 'a holds the lock of /app after waiting 10 s.',
    description:
      "Wait for it to end, raise Lock Wait Seconds, or stop that execution: the lock ends with its process (id unknown on the engine's side).",
    details: { holder: { workflow: 'a' } },
  },
  {
    kind: 'locked',
    facts: { holder: { execution: '9' }, basePath: '/app', waitedSeconds: 0.1 },
    code: 'LOCKED',
    message: 'another operation (execution 9) holds the lock of /app after waiting 0.1 s.',
    description:
      "Wait for it to end, raise Lock Wait Seconds, or stop that execution: the lock ends with its process (id unknown on the engine's side).",
    details: { holder: { execution: '9' } },
  },
  {
    kind: 'lockNeeded',
    facts: {},
    code: 'STEP',
    message: 'This step changes the engine and needs its lock first.',
  },
];
