/** Runs of the engine: whom they are started as, and what they put out. */
import { failure } from './failure';
import { word, words } from './given';
import { quoted } from './repr';

export const RUN = {
  runAsAnother: failure({
    code: 'INPUT',
    facts: { given: words, user: word },
    message: ({ given, user }) =>
      `Run As ${given} can't be had: only root starts runs as somebody else, and the engine’s side works as ${user}.`,
    description: 'Log in as that user, or choose Become in the credential, or leave Run As empty.',
  }),
  supervisorEnded: failure({
    code: 'STEP',
    facts: {},
    message: 'What supervised the run was ended, and the run with it; how far it came is not known.',
    description: 'See that nobody ends it, and that the host has memory left. Run again.',
  }),
  runUnknown: failure({
    code: 'STEP',
    facts: { run: word },
    message: ({ run }) => `There is no run ${run} in this conversation.`,
  }),
  outputUnreadable: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) =>
      `${quoted(path)} in the output directory is no file of the run’s own and is not read.`,
  }),
  inputsMissing: failure({
    code: 'INPUT',
    facts: { path: words, said: word },
    message: ({ path, said }) => `Input Directory ${path} can't be read on the engine’s side: ${said}.`,
    description:
      'Name a directory there, from the base path on or absolute, with inputs that runs of the engine have had.',
  }),
};
