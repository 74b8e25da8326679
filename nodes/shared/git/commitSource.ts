import type { SourceDescription } from '../contract/records';
import { toDeployError } from '../errors';
import type { Bundle, BundleLimits, Selection } from '../source/bundle';
import { throwIfCancelled } from '../source/cancel';
import { IgnoredPaths } from '../source/ignored';
import { LimitCounter } from '../source/bundleLimits';
import { type CompiledSelection, createSelection } from '../source/patterns';
import type { Source } from '../source/source';
import { digestTree, nothingSelected } from '../source/tree';
import { parseRepository, type RepositoryAddress } from './address';
import { hashContents, readFiles } from './contents';
import { type GitCredentials, refuseOtherHost } from './credentials';
import { fetchCommit, fetchContents } from './fetch';
import { changedPaths, listCommit } from './listing';
import { type Allow, findLocalRepository } from './localRepository';
import { Repository } from './repository';
import type { ResolvedReference } from './reference';
import { resolveReference } from './resolve';
import { checkSubdirectory } from './subdirectory';

export interface GitSourceOptions {
  /** Address of the repository; see `parseRepository`. */
  repository: string;
  /** Branch, tag or commit; empty for the default branch. */
  reference: string;
  /** Directory of the repository that holds the engine; empty for its top. */
  subdirectory: string;
  credentials?: GitCredentials | undefined;
  selection: Selection;
  /** Default: `DEFAULT_LIMITS`. They count what is selected. */
  limits?: BundleLimits | undefined;
  /** Directory of the cache; see `cacheDirectory`. */
  cache: string;
  /** Called with each directory that is read for a `file://` address; throws when that is not allowed. */
  allowFile: Allow;
  signal?: AbortSignal | undefined;
}

/**
 * Opens a commit of a Git repository as a source. The commit is resolved at once, with one question to the server;
 * nothing else is fetched before `open` is called.
 *
 * The content is what the commit holds, byte for byte: neither line endings nor filters nor hooks that the repository
 * asks for are applied. Close the source when it is no longer read.
 *
 * @throws DeployError `INPUT`, `NOT_FOUND`, `CONNECTION`, `CANCELLED`
 */
export async function openGit(options: GitSourceOptions): Promise<Source> {
  throwIfCancelled(options.signal);
  const address = parseRepository(options.repository);
  const subdirectory = checkSubdirectory(options.subdirectory);
  const selection = createSelection(options.selection);
  if (options.credentials) refuseOtherHost(address, ownAddress(options.credentials));
  const { allowFile, credentials, cache, signal } = options;
  const localDirectory = address.kind === 'file' ? await findLocalRepository(address, allowFile) : undefined;
  const repository = await Repository.open({ address, localDirectory, credentials, cache, signal });
  try {
    const resolved = await resolveReference(repository, options.reference);
    const version = describe(address, subdirectory, options.reference, resolved);
    const git: GitCommit = { repository, resolved, subdirectory, selection, version, options };
    return {
      version,
      open: (live) => repository.withCache(() => openCommit(git, live)),
      close: () => repository.close(),
    };
  } catch (error) {
    await repository.close();
    throw toDeployError(error);
  }
}

/** A commit that was found and is not yet fetched. */
interface GitCommit {
  repository: Repository;
  resolved: ResolvedReference;
  subdirectory: string;
  selection: CompiledSelection;
  version: SourceDescription;
  options: GitSourceOptions;
}

async function openCommit(git: GitCommit, live: SourceDescription | undefined): Promise<Bundle> {
  const { repository, resolved, subdirectory, selection, version, options } = git;
  const { commit } = resolved;
  await fetchCommit(repository, resolved);
  const limits = new LimitCounter(options.limits);
  const { selected, ignored, topLevel } = await listCommit(
    repository,
    { commit, subdirectory, selection },
    limits,
  );
  if (selected.length === 0) {
    throw nothingSelected(
      `commit ${commit.slice(0, 12)} of ${repository.address.url}`,
      options.selection,
      topLevel,
    );
  }
  await fetchContents(repository, resolved, new Set(selected.map(({ blob }) => blob)));
  const entries = await hashContents(repository, selected, limits, options.signal);
  const changed = await changedOutside(git, live);
  return {
    source: version,
    entries,
    ignored: changed ? { ...changed.summary(), since: live?.commit } : ignored.summary(),
    beside: ignored.names(),
    digest: await digestTree(entries),
    read: (wanted) => readFiles({ repository, entries, files: selected, signal: options.signal }, wanted),
    close: async () => {},
  };
}

/** What the commits since the live one changed beside what is deployed; undefined when that can't be known. */
async function changedOutside(
  { repository, resolved, subdirectory, selection, version, options }: GitCommit,
  live: SourceDescription | undefined,
): Promise<IgnoredPaths | undefined> {
  if (live?.commit === undefined || live.repository !== version.repository) return undefined;
  try {
    await fetchCommit(repository, { commit: live.commit }, true);
  } catch {
    throwIfCancelled(options.signal);
    // It went with a rewritten history, or the server gives no such thing: what changed since can't be told.
    return undefined;
  }
  const ignored = new IgnoredPaths();
  for (const path of await changedPaths(repository, live.commit, resolved.commit, subdirectory)) {
    if (path.startsWith('/') || !selection.includes(path)) ignored.add(path);
  }
  return ignored;
}

function describe(
  { url }: RepositoryAddress,
  subdirectory: string,
  reference: string,
  { commit }: ResolvedReference,
): SourceDescription {
  return {
    type: 'git',
    reference: reference.trim() || 'HEAD',
    commit,
    repository: url,
    ...(subdirectory && { subdirectory }),
  };
}

function ownAddress({ repository }: GitCredentials): RepositoryAddress | undefined {
  return repository.trim() === '' ? undefined : parseRepository(repository);
}
