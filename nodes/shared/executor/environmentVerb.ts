import type { RunResult } from './protocol';

/** Name and version of an installed distribution. */
export type Package = [name: string, version: string];

/** The program that installs. `version` is null where it was not started. */
export interface Installer {
  name: 'pip' | 'uv';
  version: string | null;
}

/** What the verb `environment` takes. */
export interface EnvironmentArguments {
  release: string;
  /** `none`: nothing is installed; only `before` is wanted. */
  mode: 'virtualEnvironment' | 'interpreter' | 'none';
  /** See `environmentKey`; of no use for `interpreter`. */
  key: string | null;
  /** Files of the release that are copied, for the programs to run beside; without any they run in the release. */
  copied?: string[];
  /** What follows `pip install` or `uv pip install`; paths are relative to the release. */
  arguments: string[];
  installer: 'auto' | 'pip' | 'uv';
  timeoutSeconds: number;
  /** Keep the environment that the release leads to already, whatever its key, when it can be used. */
  keep?: boolean;
  /** The live release: the packages of its environment come back as `before`. */
  live?: string | null;
  /** Lines of a netrc file with an index's credentials. */
  netrc?: string;
  /** Texts that are replaced in all output. */
  secrets?: string[];
  /** Added to the environment of the programs. */
  environment?: Record<string, string>;
}

/** A program's end, and what it was run for. */
export type InstallerRun = RunResult & {
  stage: 'create' | 'install' | 'check';
  /** For `interpreter`: what `pip check` complained about, which does not stop the deployment. */
  check?: string | null;
};

/** What the verb `environment` gives. */
export interface EnvironmentResult {
  status: 'reused' | 'built' | 'failed' | 'none';
  passed: boolean;
  /** Name of the environment; null for `interpreter` and when it could not be built. */
  environment: string | null;
  installer?: Installer;
  /** Version of the interpreter that the environment was built from. */
  python?: string;
  packages: Package[];
  /** The packages of the live release's environment. */
  before: Package[];
  /** The last program that was run; null when none was. */
  run: InstallerRun | null;
  durationMs: number;
}

/** An environment as listed; the optional fields come on request. */
export interface ListedEnvironment {
  environment: string;
  /** Ids of the releases that lead to it. */
  releases: string[];
  /** Why it can't be used, as the end of a sentence; null when it can. */
  ailment?: string | null;
  createdAt?: string | null;
  python?: string | null;
  installer?: Installer | null;
  packages?: Package[];
}
