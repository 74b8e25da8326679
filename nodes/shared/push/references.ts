import { DeployError } from '../errors';
import { compileGlob, parsePatternList } from '../source/patterns';
import { quote } from '../source/quote';
import type { Reference } from './gitNames';

/** Whether pushes to a branch or tag are acted on. */
export type ReferenceFilter = (reference: Reference) => boolean;

/**
 * Compiles a list of globs for branches and tags. `*` stays within one part of a name, `**` spans several. A pattern
 * that begins with `refs/` is compared with the full name, and needs no kind to be chosen.
 *
 * Throws `INPUT` when the list is empty or holds what is no glob.
 */
export function createReferenceFilter(
  list: string,
  kinds: ReadonlyArray<Reference['kind']>,
): ReferenceFilter {
  const patterns = parsePatternList(list);
  if (patterns.length === 0) {
    throw new DeployError('INPUT', 'References is empty; name branches or tags, for example "main, v*".');
  }
  const filters = patterns.map((pattern) => compile(pattern, kinds));
  return (reference) => filters.some((matches) => matches(reference));
}

function compile(pattern: string, kinds: ReadonlyArray<Reference['kind']>): ReferenceFilter {
  if (pattern.startsWith('!')) {
    throw new DeployError(
      'INPUT',
      `References pattern ${quote(pattern)} starts with "!"; list what is acted on instead.`,
    );
  }
  const matches = compileGlob('References', pattern);
  if (pattern.startsWith('refs/')) {
    return ({ kind, name }) => matches(`refs/${kind === 'branch' ? 'heads' : 'tags'}/${name}`);
  }
  return ({ kind, name }) => kinds.includes(kind) && matches(name);
}
