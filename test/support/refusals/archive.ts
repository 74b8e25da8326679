import type { Refusal } from './refusal';

export const ARCHIVE: readonly Refusal[] = [
  {
    kind: 'backupMissing',
    facts: { name: 'src', directory: '/app/backups' },
    code: 'NOT_FOUND',
    message: 'Backup src is not in /app/backups. List the releases to see which are kept.',
  },
  {
    kind: 'backupTooLarge',
    facts: { name: 'src', path: 'src/big' },
    code: 'INPUT',
    message: "Backup src holds more than a release may, at 'src/big'.",
  },
  {
    kind: 'backupUnreadable',
    facts: { name: 'src', said: 'No closing quotation' },
    code: 'INPUT',
    message: "Backup src can't be read to its end: No closing quotation. Choose another one.",
  },
  {
    kind: 'backupEmpty',
    facts: { name: 'src' },
    code: 'INPUT',
    message: 'Backup src is empty. Choose another one.',
  },
  {
    kind: 'memberTwice',
    facts: { path: 'src/a.py' },
    code: 'INPUT',
    message: "'src/a.py' is in the archive twice.",
  },
  {
    kind: 'memberBelow',
    facts: { path: 'src/a.py', parent: 'src' },
    code: 'INPUT',
    message: "'src/a.py' lies below 'src', which is not a directory.",
  },
  {
    kind: 'memberLauncher',
    facts: { path: 'run.py' },
    code: 'INPUT',
    message:
      "'run.py' in the archive is a launcher of Hot Deploy and not the engine's own program. Choose a backup that holds the program itself.",
  },
  {
    kind: 'memberType',
    facts: { path: 'src/a.py' },
    code: 'INPUT',
    message: "'src/a.py' is neither a file, a directory nor a symbolic link.",
  },
];
