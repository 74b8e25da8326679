/** Whom else to let do what a user may not. */
export const ANOTHER_USER =
  'or let another one do it: set Become to “sudo” in the credential or, for a container, Container Command to a script that adds --user.';

const MAY_NOT = `The user on the engine's side may not do this. Give it the base path; ${ANOTHER_USER}`;

/** What helps, by the name that the system has for what stood in the way. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'The disk that holds the base path is full. Free some space, or prune releases and backups.'],
  ['EDQUOT', "The disk quota of the engine's user is used up. Raise it, or prune releases and backups."],
  ['EROFS', 'The file system is mounted read-only. Mount it writable where the engine is deployed from.'],
  ['EACCES', MAY_NOT],
  ['EPERM', MAY_NOT],
  ['EMFILE', "Too many files are open on the engine's side. Raise the limit (ulimit -n) of its user."],
]);

export function hintFor(errno: string): string | undefined {
  return HINTS.get(errno);
}
