import type { Refusal } from './refusal';

export const ENVIRONMENT: readonly Refusal[] = [
  {
    kind: 'environmentKey',
    facts: { given: 'x' },
    code: 'INPUT',
    message: "Environment 'x' is not the key of an environment.",
  },
  {
    kind: 'environmentName',
    facts: { given: 'src' },
    code: 'INPUT',
    message: "'src' is not the name of an environment.",
  },
  {
    kind: 'uvMissing',
    facts: {},
    code: 'NOT_FOUND',
    message: "Installer is uv, and there is no uv on the PATH of the engine's side.",
    description: 'Install it there, or set Installer to Automatic or to pip.',
  },
  {
    kind: 'packagesUntold',
    facts: { python: '/usr/bin/python3', output: ' the end\n' },
    code: 'STEP',
    message: "/usr/bin/python3 can't tell which packages it has.",
    description: ' the end\n',
  },
  {
    kind: 'checkUnknown',
    facts: { given: 'group' },
    code: 'INPUT',
    message: "There is no check of type 'group'.",
  },
  {
    kind: 'commandMissing',
    facts: {},
    code: 'INPUT',
    message: 'A check of type Command has no command. Give one, such as: python run.py --version',
  },
  {
    kind: 'commandUnsplittable',
    facts: { command: "python 'x", said: 'No closing quotation' },
    code: 'INPUT',
    message: 'Command "python \'x" can\'t be split into arguments: No closing quotation.',
  },
];
