import type { Refusal } from './refusal';

export const WIRE: readonly Refusal[] = [
  {
    kind: 'skipped',
    facts: {},
    code: 'STEP',
    message: 'An earlier step of the same group was not carried out.',
  },
  {
    kind: 'stepUnknown',
    facts: { given: 'nonsense' },
    code: 'STEP',
    message: "The engine's side knows no step 'nonsense'.",
  },
  {
    kind: 'stepMisshapen',
    facts: { place: 'flip (release)' },
    code: 'INPUT',
    message: 'The step flip (release) has another form than it should.',
    description: 'Something that was given for it is too long, or there is too much of it: give less.',
  },
  {
    kind: 'answerTooLong',
    facts: { bytes: 2_000_000, most: 1_048_576 },
    code: 'STEP',
    message: 'What was found takes a message of 2000000 bytes, and 1048576 is the limit.',
    description:
      'A single record is that long, such as a release with too many names at its top. Repair Engine with Dry Run lists what is there.',
  },
  {
    kind: 'nothingCompared',
    facts: {},
    code: 'STEP',
    message: "There is nothing to receive: compare the release's entries first.",
  },
  {
    kind: 'liveChanged',
    facts: {},
    code: 'STEP',
    message: 'What is live changed while it was compared. Run again when nobody writes to it.',
  },
  {
    kind: 'anotherBasePath',
    facts: { basePath: '/app' },
    code: 'INPUT',
    message: 'One conversation serves one base path, and this one serves /app.',
  },
  {
    kind: 'defect',
    facts: { step: 'nonsense', type: 'ValueError', said: 'No closing quotation', traceback: 'Traceback …' },
    code: 'STEP',
    message: 'Step nonsense stopped unexpectedly: ValueError: No closing quotation',
    description: 'Traceback …',
  },
  {
    kind: 'workerEnded',
    facts: { function: 'create', output: 'the end' },
    code: 'STEP',
    message: 'Step create ended before it was done.',
    description: 'the end',
  },
  {
    kind: 'partEnded',
    facts: {},
    code: 'STEP',
    message: 'A process that did a part of this step was ended. Run again.',
  },
];
