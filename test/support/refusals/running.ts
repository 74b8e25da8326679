import type { Refusal } from './refusal';

export const RUNNING: readonly Refusal[] = [
  {
    kind: 'runAsAnother',
    facts: { given: 'engine', user: 'deploy' },
    code: 'INPUT',
    message:
      "Run As engine can't be had: only root starts runs as somebody else, and the engine’s side works as deploy.",
    description: 'Log in as that user, or choose Become in the credential, or leave Run As empty.',
  },
  {
    kind: 'supervisorEnded',
    facts: {},
    code: 'STEP',
    message: 'What supervised the run was ended, and the run with it; how far it came is not known.',
    description: 'See that nobody ends it, and that the host has memory left. Run again.',
  },
  {
    kind: 'runUnknown',
    facts: { run: '3f2a9c1b00d1e2f3' },
    code: 'STEP',
    message: 'There is no run 3f2a9c1b00d1e2f3 in this conversation.',
  },
  {
    kind: 'outputUnreadable',
    facts: { path: 'charts/a.png' },
    code: 'STEP',
    message: "'charts/a.png' in the output directory is no file of the run’s own and is not read.",
  },
  {
    kind: 'inputsMissing',
    facts: { path: '/app/samples', said: 'No such file or directory' },
    code: 'INPUT',
    message: "Input Directory /app/samples can't be read on the engine’s side: No such file or directory.",
    description:
      'Name a directory there, from the base path on or absolute, with inputs that runs of the engine have had.',
  },
];
