/** Backups, and what is in them. */
import { failure } from './failure';
import { words } from './given';
import { quoted } from './repr';

export const ARCHIVE = {
  backupMissing: failure({
    code: 'NOT_FOUND',
    facts: { name: words, directory: words },
    message: ({ name, directory }) =>
      `Backup ${name} is not in ${directory}. List the releases to see which are kept.`,
  }),
  backupTooLarge: failure({
    code: 'INPUT',
    facts: { name: words, path: words },
    message: ({ name, path }) => `Backup ${name} holds more than a release may, at ${quoted(path)}.`,
  }),
  backupUnreadable: failure({
    code: 'INPUT',
    facts: { name: words, said: words },
    message: ({ name, said }) => `Backup ${name} can't be read to its end: ${said}. Choose another one.`,
  }),
  backupEmpty: failure({
    code: 'INPUT',
    facts: { name: words },
    message: ({ name }) => `Backup ${name} is empty. Choose another one.`,
  }),
  memberTwice: failure({
    code: 'INPUT',
    facts: { path: words },
    message: ({ path }) => `${quoted(path)} is in the archive twice.`,
  }),
  memberBelow: failure({
    code: 'INPUT',
    facts: { path: words, parent: words },
    message: ({ path, parent }) => `${quoted(path)} lies below ${quoted(parent)}, which is not a directory.`,
  }),
  memberLauncher: failure({
    code: 'INPUT',
    facts: { path: words },
    message: ({ path }) =>
      `${quoted(path)} in the archive is a launcher of Hot Deploy and not the engine's own program. Choose a backup that holds the program itself.`,
  }),
  memberType: failure({
    code: 'INPUT',
    facts: { path: words },
    message: ({ path }) => `${quoted(path)} is neither a file, a directory nor a symbolic link.`,
  }),
};
