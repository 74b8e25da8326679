/** What the system on the engine's side, or its user, stands in the way of. */
import { count, oneOf } from '../../contract/shape';
import { failure } from './failure';
import { given, word, words } from './given';
import { hintFor } from './errnoHints';
import { quoted } from './repr';

const MEBIBYTE = 2 ** 20;

export const SYSTEM = {
  /** A name, an argument or a variable, which are bytes in the end. */
  textUnencodable: failure({
    code: 'STEP',
    facts: { given, encoding: word },
    message: (facts) =>
      `${quoted(facts.given)} can’t be written on the engine’s side: file names are ${facts.encoding} there.`,
    description:
      'Give the account that is logged in to a UTF-8 locale, such as LANG=C.UTF-8 in its environment, or use plain letters in names.',
  }),
  textHoldsNull: failure({
    code: 'INPUT',
    facts: {},
    message:
      'A name or a text that was given holds the character U+0000, which can’t be part of it. Remove it.',
  }),
  /** A call to the system: `said` is what the system says, `errno` its name for that. */
  system: failure({
    code: 'STEP',
    facts: { doing: word, path: words, errno: word, said: words },
    message: ({ doing, path, said }) => `${doing}${path && ` ${path}`}: ${said}`,
    description: ({ errno }) => hintFor(errno),
    details: ['errno', 'path'],
  }),
  /** The same, when nobody waits for a step any longer. */
  leftUndone: failure({
    code: 'STEP',
    facts: { said: words },
    message: ({ said }) =>
      /\S/.test(said) ? said : "Something could not be undone, and the engine's side doesn't say why.",
  }),
  diskFull: failure({
    code: 'STEP',
    facts: { basePath: words, freeBytes: count, neededBytes: count },
    message: ({ basePath, freeBytes, neededBytes }) =>
      `The disk that holds ${basePath} has ${Math.floor(freeBytes / MEBIBYTE)} MiB free; this release needs ${Math.ceil(neededBytes / MEBIBYTE)} MiB.`,
    description: 'Free some space, or prune releases and backups. Nothing was changed.',
    details: ['freeBytes', 'neededBytes'],
  }),
  inodesUsedUp: failure({
    code: 'STEP',
    facts: { basePath: words, freeInodes: count, neededInodes: count },
    message: ({ basePath, freeInodes, neededInodes }) =>
      `The disk that holds ${basePath} has ${freeInodes} inodes left; this release needs ${neededInodes}.`,
    description: 'Prune releases, or free some inodes. Nothing was changed.',
  }),
  ownerIsAnother: failure({
    code: 'INPUT',
    facts: { owner: words, user: word },
    message: ({ owner, user }) =>
      `Owner ${quoted(owner)} is somebody else than ${user}, and only root can give files away.`,
    description: 'Set Become to “sudo” in the credential, or leave Owner empty.',
  }),
  ownerUnknown: failure({
    code: 'INPUT',
    facts: { owner: words, type: oneOf('user', 'group'), name: words },
    message: ({ owner, type, name }) =>
      `Owner ${quoted(owner)}: there is no ${type} ${quoted(name)} on the engine's side.`,
    description: 'Give a name that exists there, or numbers such as 1000:1000.',
  }),
};
