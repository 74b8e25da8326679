import type { RecordedDependencies } from '../contract/records';
import type { Listing } from '../contract/facts';
import type { BasePath, ReleaseId } from '../contract/names';
import type { ExecutorClient } from '../executor/client';
import type { Bundle } from '../source/bundle';
import { type PackageChanges, packageChanges } from './packages';
import { isProject } from './requirementFiles';
import { readRequirementLines } from './requirementLines';
import { filesOfBundle, filesOfRelease } from './texts';

/** What a deployment would do about packages. */
export interface PlannedDependencies {
  /** `reused`: an environment for them is there. `build`: one would be built. `install`: into the interpreter. */
  status: 'none' | 'reused' | 'build' | 'install';
  /** The environment's key. */
  environment: string | null;
  file: string | null;
  /** Lines that the requirement files gain and lose. */
  requirements: { added: string[]; removed: string[] };
  /** Known where an environment is there already. */
  packages?: PackageChanges;
}

/** As many environments as one key may have: each was built anew since the ones before no longer started. */
const MANY_ENOUGH = 100;

interface ComparedLive {
  readonly release: ReleaseId | null;
  readonly dependencies?: RecordedDependencies | undefined;
  readonly environment: string | null;
}

/** What of a version and of the engine it depends on. */
interface Compared {
  readonly wanted: RecordedDependencies;
  readonly live?: ComparedLive | undefined;
}

/** Says what deploying a bundle would do about its packages, without installing or asking an index. */
export async function planDependencies(
  client: ExecutorClient,
  bundle: Bundle,
  { wanted, live }: Compared,
  { side, listed }: { side: { basePath: BasePath }; listed: Listing },
): Promise<PlannedDependencies> {
  const { installs, mode, file, key } = wanted;
  const [after, earlier]: [string[], string[]] = await Promise.all([
    installs ? linesOf(filesOfBundle(bundle), pathsOf(wanted)) : [],
    live?.release && live.dependencies
      ? linesOf(filesOfRelease(client, side.basePath, live.release, []), pathsOf(live.dependencies))
      : [],
  ]);
  const requirements = {
    added: after.filter((line) => !earlier.includes(line)),
    removed: earlier.filter((line) => !after.includes(line)),
  };
  const environment = mode === 'virtualEnvironment' ? key : null;
  const planned = { environment, file, requirements };
  if (installs && !environment) return { status: 'install', ...planned };
  if (!installs && !live?.environment) return { status: 'none', ...planned };
  const { releases } = listed;
  const replaced = releases.find(({ release }) => release === live?.release)?.environment;
  const environments =
    listed.counts.environments > listed.environments.length
      ? await withKey(client, side.basePath, key)
      : listed.environments;
  const installed = environments.find((known) => known.environment === replaced)?.packages ?? [];
  if (!environment) return { status: 'none', ...planned, packages: packageChanges(installed, []) };
  const ready = environments.find((known) => known.environment.startsWith(environment) && !known.problem);
  if (!ready) return { status: 'build', ...planned };
  return { status: 'reused', ...planned, packages: packageChanges(installed, ready.packages ?? []) };
}

/** Of very many environments, those that the live release leads to and those with a key. */
async function withKey(
  client: ExecutorClient,
  basePath: BasePath,
  key: string | null,
): Promise<Listing['environments']> {
  const asked = { basePath, packages: true, most: MANY_ENOUGH, ...(key !== null && { key }) };
  return (await client.call('list', asked)).environments;
}

function pathsOf({ file, files }: RecordedDependencies): string[] {
  // A project's files are what it is built of.
  return file !== null && isProject(file) ? [] : files.map(([path]) => path);
}

type Files = Pick<ReturnType<typeof filesOfBundle>, 'readTexts'>;

async function linesOf(files: Files, paths: readonly string[]): Promise<string[]> {
  const wanted = paths.filter((path) => /\.(?:txt|in|lock)$/.test(path));
  if (wanted.length === 0) return [];
  const texts = await files.readTexts(wanted);
  return [...texts].flatMap(([file, text]) => readRequirementLines(text, file).requirements);
}
