import type { Probe } from '../contract/facts';
import { type BasePath, type Entrypoint, entrypointNames } from '../contract/names';
import type { BundleEntry } from '../source/bundle';

/** Which ways of starting an engine go through a launcher. */
export interface Starts {
  /** Commands that are pinned, as they are given in the base path. */
  pinned: string[];
  /** Scripts at the top that no launcher stands for: what they import may change while they run. */
  unpinned: string[];
  /** What is put in front of any other command to pin it. */
  prefix: string;
}

const SHELL = /\.(?:sh|bash)$/;
const SCRIPT = /\.(?:py|sh|bash)$/;
const EXECUTABLE = 0o111;

/** What pins any command that it is put in front of. */
export function launchPrefix(basePath: BasePath): string {
  return `python3 ${basePath.endsWith('/') ? basePath.slice(0, -1) : basePath}/.hot-deploy/launch.py`;
}

/** What is pinned once a version is deployed, by its files and by what lies beside them in the base path. */
export function startsOf(
  entries: readonly BundleEntry[],
  { names }: Probe,
  { basePath, entrypoint }: { basePath: BasePath; entrypoint: Entrypoint },
): Starts {
  const starting = entrypointNames(entrypoint);
  const deployed = entries.filter(({ path, type, mode }) => {
    return !path.includes('/') && type === 'file' && (SCRIPT.test(path) || (mode & EXECUTABLE) !== 0);
  });
  const beside = names.filter(({ name, type }) => type === 'file' && SCRIPT.test(name));
  const all = [...deployed.map(({ path }) => path), ...beside.map(({ name }) => name)];
  return {
    pinned: starting.map((name) => `${SHELL.test(name) ? 'sh' : 'python3'} ${name}`),
    unpinned: [...new Set(all)].filter((name) => !starting.includes(name)).sort(),
    prefix: launchPrefix(basePath),
  };
}
