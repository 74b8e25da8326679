import type { RecordedDependencies } from '../contract/records';
import type { BasePath, ReleaseId } from '../contract/names';
import type { ExecutorClient } from '../executor/client';
import type { Bundle } from '../source/bundle';
import { type PackageChanges, packageChanges } from './packages';
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

/** The live release, as far as it matters here. */
interface PlannedBeside {
  release: ReleaseId | null;
  dependencies?: RecordedDependencies;
  environment: string | null;
}

/** Says what deploying a bundle would do about its packages, without installing or asking an index. */
export async function planDependencies(
  client: ExecutorClient,
  bundle: Bundle,
  wanted: RecordedDependencies,
  { basePath, live }: { basePath: BasePath; live?: PlannedBeside },
): Promise<PlannedDependencies> {
  const { installs, mode, file, key } = wanted;
  const before = live?.release &&
    live.dependencies && {
      release: live.release,
      paths: live.dependencies.files.map(([path]) => path),
    };
  const [after, earlier]: string[][] = await Promise.all([
    installs
      ? linesOf(
          filesOfBundle(bundle),
          wanted.files.map(([path]) => path),
        )
      : [],
    before ? linesOf(filesOfRelease(client, basePath, before.release, []), before.paths) : [],
  ]);
  const requirements = {
    added: after.filter((line) => !earlier.includes(line)),
    removed: earlier.filter((line) => !after.includes(line)),
  };
  const environment = mode === 'virtualEnvironment' ? key : null;
  const planned = { environment, file, requirements };
  if (installs && !environment) return { status: 'install', ...planned };
  if (!installs && !live?.environment) return { status: 'none', ...planned };
  const { environments, releases } = await client.call('list', { basePath, packages: true });
  const replaced = releases.find(({ release }) => release === live?.release)?.environment;
  const installed = environments.find((known) => known.environment === replaced)?.packages ?? [];
  if (!environment) return { status: 'none', ...planned, packages: packageChanges(installed, []) };
  const ready = environments.find((known) => known.environment.startsWith(environment) && !known.ailment);
  if (!ready) return { status: 'build', ...planned };
  return { status: 'reused', ...planned, packages: packageChanges(installed, ready.packages ?? []) };
}

type Files = Pick<ReturnType<typeof filesOfBundle>, 'readTexts'>;

async function linesOf(files: Files, paths: readonly string[]): Promise<string[]> {
  const wanted = paths.filter((path) => /\.(?:txt|in|lock)$/.test(path));
  if (wanted.length === 0) return [];
  const texts = await files.readTexts(wanted);
  return [...texts.values()].flatMap((text) => readRequirementLines(text).requirements);
}
