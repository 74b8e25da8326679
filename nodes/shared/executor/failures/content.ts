/** The files of a new release: as they are announced, sent, copied or adopted. */
import { failure } from './failure';
import { given, words } from './given';
import { quoted } from './repr';

export const CONTENT = {
  nothingToAssemble: failure({
    code: 'STEP',
    facts: {},
    message: "There is nothing to assemble: announce the release's entries first.",
  }),
  nothingCopied: failure({
    code: 'STEP',
    facts: {},
    message: 'There is nothing to adopt: copy the plain files first.',
  }),
  entryTwice: failure({
    code: 'INPUT',
    facts: {},
    message: 'A path is listed twice in the manifest.',
  }),
  entryType: failure({
    code: 'INPUT',
    facts: { path: words, type: given },
    message: ({ path, type }) => `${path} is a ${quoted(type)}, which can't be deployed.`,
  }),
  entryBelow: failure({
    code: 'INPUT',
    facts: { path: words, parent: words },
    message: ({ path, parent }) => `${path} lies below ${parent}, which is not a directory.`,
  }),
  sourceChanged: failure({
    code: 'SOURCE_CHANGED',
    facts: { path: words },
    message: ({ path }) => `${path} changed while it was being sent. Run the deployment again.`,
  }),
  contentMissing: failure({
    code: 'STEP',
    facts: {},
    message: 'File content was announced, but the client sent something else.',
  }),
  contentBeyond: failure({
    code: 'STEP',
    facts: {},
    message: 'The client sent more content than it announced.',
  }),
  changedWhileCopied: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} was changed while it was copied. Run again.`,
  }),
  notAdoptable: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} is a device, pipe or socket and can't be part of a release.`,
  }),
  changedWhileAdopted: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} was written to while it was adopted. Run again when nobody writes to it.`,
  }),
  cutShortWhileAdopted: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} was cut short while it was adopted. Run again.`,
  }),
  originalKept: failure({
    code: 'STEP',
    facts: { name: words, path: words },
    message: ({ name, path }) => `An earlier original of ${name} is kept at ${path} already.`,
  }),
};
