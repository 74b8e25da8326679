import { isReserved, PINNED_PREFIX, RESERVED_NAMES } from '../contract/reservedNames';
import { DeployError } from '../errors';
import type { BundleEntry } from './bundle';
import { foldName, topLevelOf } from './paths';
import { quote } from './quote';

/**
 * Throws `INPUT` when an entry's top-level name is reserved; see {@link isReserved}.
 *
 * @param merged where the base path's file system takes other spellings for the same name, such as `Current`
 */
export function refuseReservedNames(entries: ReadonlyArray<Pick<BundleEntry, 'path'>>, merged = false): void {
  const spelled = (name: string): string => (merged ? foldName(name) : name);
  const entry = entries.find(({ path }) => isReserved(spelled(topLevelOf(path))));
  if (!entry) return;
  throw new DeployError(
    'INPUT',
    `The source's entry ${quote(entry.path)} has a top-level name that the base path keeps for itself ` +
      `(${RESERVED_NAMES.join(', ')}, ${PINNED_PREFIX}…); rename it or leave it out with an exclude pattern.`,
  );
}
