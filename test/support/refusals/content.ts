import type { Refusal } from './refusal';

export const CONTENT: readonly Refusal[] = [
  {
    kind: 'nothingToAssemble',
    facts: {},
    code: 'STEP',
    message: "There is nothing to assemble: announce the release's entries first.",
  },
  {
    kind: 'nothingCopied',
    facts: {},
    code: 'STEP',
    message: 'There is nothing to adopt: copy the plain files first.',
  },
  { kind: 'entryTwice', facts: {}, code: 'INPUT', message: 'A path is listed twice in the manifest.' },
  {
    kind: 'entryType',
    facts: { path: 'src/a.py', type: 'fifo' },
    code: 'INPUT',
    message: "src/a.py is a 'fifo', which can't be deployed.",
  },
  {
    kind: 'entryBelow',
    facts: { path: 'src/a.py', parent: 'src' },
    code: 'INPUT',
    message: 'src/a.py lies below src, which is not a directory.',
  },
  {
    kind: 'sourceChanged',
    facts: { path: 'src/a.py' },
    code: 'SOURCE_CHANGED',
    message: 'src/a.py changed while it was being sent. Run the deployment again.',
  },
  {
    kind: 'contentMissing',
    facts: {},
    code: 'STEP',
    message: 'File content was announced, but the client sent something else.',
  },
  {
    kind: 'contentBeyond',
    facts: {},
    code: 'STEP',
    message: 'The client sent more content than it announced.',
  },
  {
    kind: 'changedWhileCopied',
    facts: { path: 'src/a.py' },
    code: 'STEP',
    message: 'src/a.py was changed while it was copied. Run again.',
  },
  {
    kind: 'notAdoptable',
    facts: { path: '/app/src/pipe' },
    code: 'STEP',
    message: "/app/src/pipe is a device, pipe or socket and can't be part of a release.",
  },
  {
    kind: 'changedWhileAdopted',
    facts: { path: 'src/a.py' },
    code: 'STEP',
    message: 'src/a.py was written to while it was adopted. Run again when nobody writes to it.',
  },
  {
    kind: 'cutShortWhileAdopted',
    facts: { path: '/app/run.py' },
    code: 'STEP',
    message: '/app/run.py was cut short while it was adopted. Run again.',
  },
  {
    kind: 'originalKept',
    facts: { name: 'src', path: '/app/.hot-deploy/adopted/r/src' },
    code: 'STEP',
    message: 'An earlier original of src is kept at /app/.hot-deploy/adopted/r/src already.',
  },
];
