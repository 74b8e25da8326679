import type { Probe, Survey } from '../../contract/facts';
import { topLevelOf } from '../../source/paths';
import { type DeployOptions, startsInRelease } from '../options';
import { found, foundAny, type PreflightFinding, told } from '../preflight';
import { launchPrefix } from '../starts';
import type { Side } from '../snapshot';

/** What nothing is installed from. */
const PROJECT_FILES = ['pyproject.toml', 'poetry.lock', 'uv.lock', 'Pipfile.lock', 'environment.yml'];
/** Names that no engine runs. */
const NOT_RUN = ['.md', '.rst', '.lock', 'LICENSE', 'Makefile', 'Dockerfile'];

/** Names that both sides have and no pattern owns: the new version runs with what is there. */
export function namesBeside(
  probe: Probe,
  names: readonly string[],
  beside: readonly string[],
  { basePath }: Pick<DeployOptions, 'basePath'>,
): PreflightFinding[] {
  const left = new Set(beside);
  for (const name of names) left.delete(name);
  const both = probe.names.filter(
    ({ name, type }) =>
      left.has(name) &&
      (type === 'directory' || type === 'file') &&
      !name.startsWith('.') &&
      !NOT_RUN.some((ending) => name.endsWith(ending)),
  );
  if (both.length === 0) return [];
  const patterns = both.map(({ name, type }) => (type === 'directory' ? `${name}/**` : name));
  return [
    found(
      'namesBeside',
      'hint',
      told(both.map(({ name }) => name)),
      (shown) =>
        `Both the source and ${basePath} have ${shown}, which Include leaves out: they stay what they are there. To deploy them, too, add to Include: ${patterns.slice(0, 20).join(', ')}.`,
    ),
  ];
}

/** What the engine keeps where ours comes to lie: it stays there, but a program that moves into its release loses it. */
export function ownNames(
  { strangers }: Pick<Survey, 'strangers'>,
  { basePath, pinning }: Pick<DeployOptions, 'basePath' | 'pinning'>,
): PreflightFinding[] {
  if (strangers.length === 0) return [];
  const moved = startsInRelease(pinning);
  return [
    found('ownNameUsed', moved ? 'refused' : 'hint', told(strangers), (shown) => {
      const what = `${basePath} has ${shown}, where ${topLevelOf(strangers[0] as string)} of ours come to lie`;
      return moved
        ? `${what}: a program that runs in its release would not find them beside itself. Rename the directory in the engine, or choose another Pinning.`
        : `${what}: they stay, and whoever lists that directory finds ours, too. Better give the engine’s another name.`;
    }),
  ];
}

/** Packages that nobody installs; `names`: all at the source's top, of a version without requirements. */
export function unlistedPackages(names: readonly string[]): PreflightFinding[] {
  if (names.some((name) => name.startsWith('requirements'))) return [];
  const files = PROJECT_FILES.filter((name) => names.includes(name));
  return foundAny(
    'packagesUnlisted',
    'hint',
    told(files),
    (shown) =>
      `The source names packages in ${shown} and has no requirements.txt: nothing is installed from that. Export a requirements.txt and add it to Include; or give pyproject.toml in Requirements File to have the project built and installed; or see to it yourself that the interpreter has them.`,
  );
}

/** Another interpreter than ours, going by what the base path asks for; a version that is no number says nothing. */
export function otherPython(
  wanted: string | null,
  { python }: Pick<Side, 'python'>,
  { basePath }: Pick<DeployOptions, 'basePath'>,
): PreflightFinding[] {
  if (wanted === null) return [];
  const parts = wanted.split('.');
  const numbers = parts.every(
    (part) => part !== '' && [...part].every((digit) => digit >= '0' && digit <= '9'),
  );
  const ours = python.version.split('.');
  if (!numbers || parts.every((part, index) => part === ours[index])) return [];
  return [
    found(
      'pythonVersion',
      'hint',
      told(['.python-version']),
      () =>
        `.python-version in ${basePath} asks for Python ${wanted}, and checks run with Python ${python.version} (${python.executable}). Set Python to the interpreter that the engine is started with.`,
    ),
  ];
}

/** Of an engine without a start script. */
export function nothingPinned({
  entrypoint,
  basePath,
}: Pick<DeployOptions, 'entrypoint' | 'basePath'>): PreflightFinding[] {
  if (entrypoint !== '') return [];
  return [
    found(
      'nothingPinned',
      'hint',
      told([]),
      () =>
        `Entrypoint is empty: no launcher stands in ${basePath}, and a run may read two releases when one is switched meanwhile. Put ${launchPrefix(basePath)} in front of the commands that start the engine.`,
    ),
  ];
}
