/** Top-level names of the base path that hold the layout itself and can therefore never be deployed entries. */
export const RESERVED_NAMES: readonly string[] = [
  'current',
  'releases',
  'environments',
  'backups',
  '.hot-deploy',
];
