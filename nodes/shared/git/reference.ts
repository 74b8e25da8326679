import type { CommitId } from '../contract/names';
import { DeployError } from '../errors';

/** What a person asked for, resolved. */
export interface ResolvedReference {
  /** Full id of the commit. */
  commit: CommitId;
  /** Full name such as `refs/heads/main`; undefined for a commit that was named by its id. */
  name?: string;
}

/** One line of `git ls-remote`: an object's id and the name that leads to it. */
export interface AdvertisedReference {
  id: CommitId;
  name: string;
}

const SHORT_COMMIT = /^[0-9a-f]{4,39}$/;
// What git-check-ref-format(1) forbids, as far as it could mean something to `git`.
const FORBIDDEN = /[\p{Cc}\s~^:?*[\]\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$/u;

/**
 * Cleans up a reference as a person wrote it; empty means the repository's default branch.
 *
 * @throws DeployError `INPUT` for what can't be one, options of `git` among it
 */
export function checkReference(given: string): string {
  const reference = given.trim();
  if (reference === '') return 'HEAD';
  if (reference.length <= 255 && !FORBIDDEN.test(reference)) return reference;
  throw new DeployError(
    'INPUT',
    `Reference ${JSON.stringify(given)} can't be the name of a branch, tag or commit.`,
    {
      description: 'Give a branch such as main, a tag such as v1.2, or the id of a commit.',
    },
  );
}

/** Whether it can be the beginning of a commit's id. A branch or tag of that name comes first. */
export function isShortCommit(reference: string): boolean {
  return SHORT_COMMIT.test(reference.toLowerCase());
}

/** The full names to ask the server for, those of the commits that annotated tags lead to among them. */
export function namesFor(reference: string): string[] {
  if (reference === 'HEAD') return ['HEAD'];
  if (reference.startsWith('refs/')) return [reference, `${reference}^{}`];
  const short = reference.replace(/^(?:heads|tags)\//, '');
  const names = [`refs/heads/${reference}`, `refs/tags/${reference}`, `refs/tags/${reference}^{}`];
  if (short !== reference) names.push(`refs/${reference}`, `refs/${reference}^{}`);
  return names;
}

/**
 * Chooses among what the server has. A branch and a tag of one name are told apart only when they lead to one commit.
 *
 * @returns undefined when there is nothing of that name
 * @throws DeployError `INPUT` for a name that means two commits
 */
export function chooseReference(
  reference: string,
  advertised: readonly AdvertisedReference[],
): ResolvedReference | undefined {
  const wanted = new Set(namesFor(reference));
  const found = new Map<string, CommitId>();
  for (const { id, name } of advertised) {
    if (!wanted.has(name)) continue;
    const bare = name.replace(/\^\{\}$/, '');
    // The line of the commit that a tag leads to comes after the tag's own.
    if (name !== bare || !found.has(bare)) found.set(bare, id);
  }
  const [first, ...others] = found;
  if (!first) return undefined;
  if (others.some(([, commit]) => commit !== first[1])) throw ambiguous(reference, [...found.keys()]);
  return { commit: first[1], name: first[0] };
}

function ambiguous(reference: string, names: readonly string[]): DeployError {
  return new DeployError(
    'INPUT',
    `Reference “${reference}” is both a branch and a tag, and they are not the same commit.`,
    {
      description: `Write out which one is meant: ${names.join(' or ')}.`,
    },
  );
}
