/** The conversation itself: steps that are none, that were passed over, or that ended in another way than they should. */
import { failure } from './failure';
import { given, word, words } from './given';
import { quoted } from './quote';

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
