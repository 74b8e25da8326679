/** Virtual environments, installers, and the programs of checks. */
import { failure } from './failure';
import { given, words } from './given';
import { quoted } from './repr';

export const ENVIRONMENT = {
  environmentKey: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `Environment ${quoted(facts.given)} is not the key of an environment.`,
  }),
  environmentName: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `${quoted(facts.given)} is not the name of an environment.`,
  }),
  uvMissing: failure({
    code: 'NOT_FOUND',
    facts: {},
    message: "Installer is uv, and there is no uv on the PATH of the engine's side.",
    description: 'Install it there, or set Installer to Automatic or to pip.',
  }),
  packagesUntold: failure({
    code: 'STEP',
    facts: { python: words, output: words },
    message: ({ python }) => `${python} can't tell which packages it has.`,
    description: ({ output }) => output,
  }),
  checkUnknown: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `There is no check of type ${quoted(facts.given)}.`,
  }),
  commandMissing: failure({
    code: 'INPUT',
    facts: {},
    message: 'A check of type Command has no command. Give one, such as: python run.py --version',
  }),
  commandUnsplittable: failure({
    code: 'INPUT',
    facts: { command: words, said: words },
    message: ({ command, said }) => `Command ${quoted(command)} can't be split into arguments: ${said}.`,
  }),
};
