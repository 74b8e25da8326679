import { count, option, type ReadParameter } from '../../n8n/field';
import { type BundleLimits, DEFAULT_LIMITS } from '../../shared/source/bundle';

const MEGABYTE = 1024 ** 2;

export const maxFiles = option(
  count({
    displayName: 'Max Files',
    name: 'maxFiles',
    default: DEFAULT_LIMITS.maxEntries,
    typeOptions: { minValue: 1 },
    description: 'A source with more files, links and empty directories is refused',
  }),
);

export const maxSizeMegabytes = option(
  count({
    displayName: 'Max Size (MB)',
    name: 'maxSizeMegabytes',
    default: DEFAULT_LIMITS.maxBytes / MEGABYTE,
    typeOptions: { minValue: 1 },
    description: 'A source whose content is larger, unpacked, is refused',
  }),
);

/** How much a source may hold; the message of one that holds more names the entry at which it was too much. */
export function readLimits(read: ReadParameter): BundleLimits {
  return { maxBytes: maxSizeMegabytes.read(read) * MEGABYTE, maxEntries: maxFiles.read(read) };
}
