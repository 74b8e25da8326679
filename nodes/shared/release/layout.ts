import { RESERVED_NAMES } from '../source/reserved';
import { DeployError } from '../errors';

const RELEASE_ID = /^\d{8}-\d{6}-[0-9a-f]{7}(-\d+)?$/;

/**
 * The first part of a new release's id: UTC time such as `20261123-171501`. The engine's side adds the first 7 digits
 * of the content's digest. An id names and does not order: order is the record's sequence number.
 */
export function releaseTime(now = new Date()): string {
  return now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}

/** Whether `text` has the form of a release's id. */
export function isReleaseId(text: string): boolean {
  return RELEASE_ID.test(text);
}

/** Refuses a base path that isn't absolute, is the root, or goes up again. */
export function checkBasePath(basePath: string): void {
  const parts = basePath.split('/').filter((part) => part !== '' && part !== '.');
  if (basePath.startsWith('/') && parts.length > 0 && !parts.includes('..') && !basePath.includes('\0'))
    return;
  throw new DeployError(
    'INPUT',
    `Base Path ${JSON.stringify(basePath)} can't be used. Give the absolute path of the engine's directory, such as /app.`,
  );
}

/** Refuses an entrypoint that isn't a top-level file name, where the launcher can stand. */
export function checkEntrypoint(entrypoint: string): void {
  if (/^[^/\0]+$/.test(entrypoint) && !['.', '..', ...RESERVED_NAMES].includes(entrypoint)) return;
  throw new DeployError(
    'INPUT',
    `Entrypoint ${JSON.stringify(entrypoint)} can't be used. Name the file at the top of the base path that starts the engine, such as run.py.`,
  );
}
