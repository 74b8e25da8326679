import { asCommitId, type CommitId } from '../contract/names';
import { DeployError } from '../errors';
import { quote } from '../source/quote';

/** A branch or a tag. */
export interface Reference {
  kind: 'branch' | 'tag';
  /** Without `refs/heads/` or `refs/tags/`. */
  name: string;
}

const KINDS = { 'refs/heads/': 'branch', 'refs/tags/': 'tag' } as const;

/** Characters and parts that `git check-ref-format` allows in no reference, and a leading dash, which reads as an option. */
const FORBIDDEN =
  /[\p{Cc}\p{Surrogate}\uFFFD ~^:?*[\\]|\.\.|@\{|\/\/|(?:^|\/)\.|\.lock(?:\/|$)|^[-/]|[./]$|^@$/u;

const MAX_NAME_BYTES = 1024;

/**
 * Understands a full reference name; undefined for one that is neither branch nor tag, such as `refs/pull/1/head`.
 * Throws `INPUT` for a name that Git itself would not accept.
 */
export function readReference(reference: string): Reference | undefined {
  const [prefix, kind] = Object.entries(KINDS).find(([beginning]) => reference.startsWith(beginning)) ?? [];
  if (prefix === undefined || kind === undefined) return undefined;
  const name = reference.slice(prefix.length);
  if (name === '' || FORBIDDEN.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new DeployError(
      'INPUT',
      `The payload names the reference ${quote(reference)}, which Git would not accept; look at the delivery in the forge.`,
    );
  }
  return { kind, name };
}

/** A full commit id, in SHA-1 or SHA-256; null for the zeros that stand for none. Throws `INPUT` for anything else. */
export function readCommit(field: string, id: string): CommitId | null {
  const commit = asCommitId(id);
  if (commit === undefined) {
    throw new DeployError(
      'INPUT',
      `The payload’s ${field} is ${quote(id)}, which is no full commit ID; look at the delivery in the forge.`,
    );
  }
  return /^0+$/.test(commit) ? null : commit;
}
