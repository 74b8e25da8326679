import { join } from 'node:path';

import type { SourceDescription } from '../../nodes/shared/contract/records';
import type { GitCredentials } from '../../nodes/shared/git/credentials';
import { type GitSourceOptions, openGit } from '../../nodes/shared/git/commitSource';
import { type Bundle, DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import type { Source } from '../../nodes/shared/source/source';

/** A small engine, as files of a commit. */
export const ENGINE = {
  'run.py': 'print("run")\n',
  'requirements.txt': '',
  'src/main.py': 'VALUE = 1\n',
  'config/engine.json': '{}\n',
  'README.md': '# Engine\n',
  'docs/guide.md': 'Guide\n',
};

/** Options of a Git source with the node's defaults. */
export function gitOptions(
  repository: string,
  cache: string,
  changes: Partial<GitSourceOptions> = {},
): GitSourceOptions {
  return {
    repository,
    reference: 'main',
    subdirectory: '',
    selection: DEFAULT_SELECTION,
    cache: join(cache, 'git'),
    allowFile: () => undefined,
    ...changes,
  };
}

/** What opens nothing until `changes` say what. */
export function gitCredentials(changes: Partial<GitCredentials>): GitCredentials {
  return {
    authentication: 'token',
    repository: '',
    username: '',
    password: '',
    privateKey: '',
    passphrase: '',
    hostKeyFingerprint: '',
    ...changes,
  };
}

/** Opens a Git source, does something with it, and closes it. */
export async function withGit<T>(
  options: GitSourceOptions,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const source = await openGit(options);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/** Opens a Git source with its content, does something with that, and closes both. */
export async function withBundle<T>(
  options: GitSourceOptions,
  work: (bundle: Bundle) => Promise<T>,
  live?: SourceDescription,
): Promise<T> {
  return withGit(options, async (source) => {
    const bundle = await source.open(live);
    try {
      return await work(bundle);
    } finally {
      await bundle.close();
    }
  });
}

/** Resolves a reference, and nothing more. */
export async function commitOf(options: GitSourceOptions): Promise<string | undefined> {
  return withGit(options, async ({ version }) => version?.commit);
}
