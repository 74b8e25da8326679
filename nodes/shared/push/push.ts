import type { CommitId } from '../contract/names';
/** The forges whose webhooks are understood. `gitea` is Forgejo too; `bitbucket` is Bitbucket Cloud. */
export const FORGES = ['github', 'gitlab', 'gitea', 'bitbucket'] as const;

export type Forge = (typeof FORGES)[number];

/** A webhook's request as it came in: nothing in it is believed before its signature was verified. */
export interface PushRequest {
  /** By lower-case name, as Node's HTTP server gives them. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes that were signed, after decompression. */
  body: Buffer;
}

/** Paths relative to the repository's root, sorted, each in one of the lists. */
export interface ChangedPaths {
  added: string[];
  modified: string[];
  removed: string[];
}

/** What a payload says about the paths that a push changed. */
export interface ListedPaths {
  paths: ChangedPaths;
  /** Whether the payload lists every pushed commit, and every one of them its paths. */
  complete: boolean;
}

/** One reference that was moved, in the same shape for every forge. */
export interface Push {
  /** Every address that the payload gives for the repository, to look it up with; never to be used or emitted. */
  addresses: string[];
  /** In full, such as `refs/heads/main`. */
  reference: string;
  /** The commit before; null for a new reference. */
  before: CommitId | null;
  /** The commit after; null for a deletion. Of an annotated tag the commit it names, where the payload has it. */
  commit: CommitId | null;
  /** Null where the forge doesn't say: GitLab and Gitea. */
  forced: boolean | null;
  pusher: string;
  /** Of the commit after the push. */
  message: string;
  listed: ListedPaths;
}

/** What a push asks for: `hot` deploys, `standard` changes nothing that is deployed, `none` changes nothing at all. */
export type DeployKind = 'hot' | 'standard' | 'none';
