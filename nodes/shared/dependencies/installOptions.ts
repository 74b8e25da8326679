/** Where a release's packages come from. */
export type DependencyMode = 'virtualEnvironment' | 'interpreter' | 'none';

/** What an index wants to know before it gives packages. */
export interface IndexCredentials {
  /** Address of the index, such as `https://packages.example.com/simple/`. */
  url: string;
  username: string;
  password: string;
}

/** How a release's dependencies are installed. */
export interface DependencyOptions {
  mode: DependencyMode;
  installer: 'auto' | 'pip' | 'uv';
  /** Path of the requirements file in the release; empty: the first of {@link REQUIREMENT_FILES} that is there. */
  requirements: string;
  /** Path of a constraints file in the release; empty for none. */
  constraints: string;
  /** Address of the index; empty: the one that pip is configured with on the engine's side. */
  indexUrl: string;
  extraIndexUrls: readonly string[];
  /** Addresses, or directories in the release or on the engine's side, that hold packages. */
  findLinks: readonly string[];
  /** Take packages only from `findLinks`. */
  noIndex: boolean;
  requireHashes: boolean;
  /** For everything that has to be run, together. */
  timeoutSeconds: number;
  credentials?: IndexCredentials | undefined;
}

/** An engine that runs with what its interpreter has. */
export const NO_DEPENDENCIES: DependencyOptions = {
  mode: 'none',
  installer: 'auto',
  requirements: '',
  constraints: '',
  indexUrl: '',
  extraIndexUrls: [],
  findLinks: [],
  noIndex: false,
  requireHashes: false,
  timeoutSeconds: 900,
};

/** Files that say what to install, in the order in which they are looked for: a lock is preferred. */
export const REQUIREMENT_FILES = ['requirements.lock', 'pylock.toml', 'requirements.txt'] as const;

/** Locks that only their own tool can install from, and how that tool makes one that can be deployed. */
export const FOREIGN_LOCKS: Readonly<Record<string, string>> = {
  'uv.lock': 'uv export --format requirements-txt --no-emit-project --output-file requirements.lock',
  'poetry.lock': 'poetry export --output requirements.lock',
};
