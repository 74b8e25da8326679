/** The conversation itself: steps that are none, that were skipped, or that ended in another way than they should. */
import { count } from '../../contract/shape';
import { failure } from './failure';
import { given, word, words } from './given';
import { quoted } from './repr';

export const WIRE = {
  /** See `CallOptions.group`. */
  skipped: failure({
    code: 'STEP',
    facts: {},
    message: 'An earlier step of the same group was not carried out.',
  }),
  stepUnknown: failure({
    code: 'STEP',
    facts: { given },
    message: (facts) => `The engine's side knows no step ${quoted(facts.given)}.`,
  }),
  /** `place`: the step and the field of it. */
  stepMisshapen: failure({
    code: 'INPUT',
    facts: { place: words },
    message: ({ place }) => `The step ${place} has another form than it should.`,
    description: 'Something that was given for it is too long, or there is too much of it: give less.',
  }),
  /** `most`: bytes that one message may have. */
  answerTooLong: failure({
    code: 'STEP',
    facts: { bytes: count, most: count },
    message: ({ bytes, most }) =>
      `What was found takes a message of ${bytes} bytes, and ${most} is the limit.`,
    description:
      'A single record is that long, such as a release with too many names at its top. Repair Engine with Dry Run lists what is there.',
  }),
  nothingCompared: failure({
    code: 'STEP',
    facts: {},
    message: "There is nothing to receive: compare the release's entries first.",
  }),
  liveChanged: failure({
    code: 'STEP',
    facts: {},
    message: 'What is live changed while it was compared. Run again when nobody writes to it.',
  }),
  anotherBasePath: failure({
    code: 'INPUT',
    facts: { basePath: words },
    message: ({ basePath }) => `One conversation serves one base path, and this one serves ${basePath}.`,
  }),
  /** A defect of ours, for the person who can report it. */
  defect: failure({
    code: 'STEP',
    facts: { step: words, type: word, said: words, traceback: words },
    message: ({ step, type, said }) => `Step ${step} stopped unexpectedly: ${type}: ${said}`,
    description: ({ traceback }) => traceback,
  }),
  workerEnded: failure({
    code: 'STEP',
    facts: { function: word, output: words },
    message: (facts) => `Step ${facts.function} ended before it was done.`,
    description: ({ output }) => output,
  }),
  partEnded: failure({
    code: 'STEP',
    facts: {},
    message: 'A process that did a part of this step was ended. Run again.',
  }),
};
