/** Top-level names of the base path that hold the layout itself and can therefore never be deployed entries. */
export const RESERVED_NAMES: readonly string[] = [
  'current',
  'releases',
  'environments',
  'backups',
  '.hot-deploy',
];

/** Names that begin with this are empty directories, beside deployed ones, in which a pinned run finds its release. */
export const PINNED_PREFIX = '.pinned-';

/** Whether a top-level name holds the layout itself. */
export function isReserved(name: string): boolean {
  return RESERVED_NAMES.includes(name) || name.startsWith(PINNED_PREFIX);
}
