/**
 * The one door to the arguments of `git`: whatever is not written here stands behind `--end-of-options`, where `git`
 * takes nothing for an option, whoever said it.
 */

const COMMANDS = [
  'cat-file',
  'diff-tree',
  'fetch',
  'init',
  'ls-tree',
  'remote-http',
  'remote-https',
  'rev-list',
  'upload-pack',
] as const;
type GitCommand = (typeof COMMANDS)[number];

const OPTIONS = [
  ...['--quiet', '--force', '-r', '-d', '-z', '--name-only', '--full-tree'],
  // Making a repository.
  ...['--bare', '--template=', '--object-format=sha256'],
  // Fetching.
  ...['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-gc', '--stdin'],
  ...['--depth=1', '--depth=2147483647', '--filter=blob:none', '--filter=tree:0', '--no-filter', '--refetch'],
  // Looking at what is there.
  ...['--batch', '--buffer', '--no-renames', '--objects', '--missing=print', '--no-object-names'],
  ...['--glob=refs/hot-deploy/all/*', '--strict'],
  // The one remote that is configured.
  'origin',
] as const;
export type GitOption = (typeof OPTIONS)[number];

const SETTINGS = ['fetch.negotiationAlgorithm=noop'] as const;
export type GitSetting = (typeof SETTINGS)[number];

/** One run of `git`. */
export interface GitCall {
  command: GitCommand;
  /** Words of ours. */
  options?: readonly GitOption[] | undefined;
  /** Configuration for this run; words of ours, too. */
  settings?: readonly GitSetting[] | undefined;
  /** Commits, references, paths: what may come from somebody else. */
  operands?: readonly string[] | undefined;
}

/** What `git` is started with. */
export function gitArguments({ command, options = [], settings = [], operands = [] }: GitCall): string[] {
  const ours = [command, ...options, ...settings];
  const known: readonly string[] = [...COMMANDS, ...OPTIONS, ...SETTINGS];
  // The types say so already, as long as nobody casts.
  const foreign = ours.find((word) => !known.includes(word));
  if (foreign !== undefined) throw new TypeError(`${JSON.stringify(foreign)} is no word of ours for git`);
  return [
    ...settings.flatMap((setting) => ['-c', setting]),
    command,
    ...options,
    ...(operands.length > 0 ? ['--end-of-options', ...operands] : []),
  ];
}
