import type { Probe } from '../../contract/facts';
import { entrypointNames } from '../../contract/names';
import { isCode } from '../code';
import { driftOf } from '../drift';
import { createSelection } from '../../source/patterns';
import { topLevelOf } from '../../source/paths';
import { otherInterpreters, seenInContainers } from './interpreters';
import { lostOwners } from './owners';
import { namesBeside, nothingPinned, otherPython, ownNames, unlistedPackages } from './hinted';
import type { PlainFacts } from '../plainTree';
import { type DeployOptions, startsInRelease } from '../options';
import { found, foundAny, type PreflightFinding, type Severity, type Told, told } from '../preflight';
import type { Snapshot } from '../snapshot';
import type { Version } from '../version';

const GRAVEST_FIRST: readonly Severity[] = ['refused', 'kept', 'hint'];

/** What is found of an engine, a version and what was asked for, the gravest first. */
export function decidePreflight(
  { probe, side }: Snapshot,
  {
    plain,
    survey,
    names,
    beside = [],
    live,
    wanted,
    adopts,
    sharedToo,
    sharing,
    torn,
    windowsScripts,
  }: Version,
  options: DeployOptions,
): PreflightFinding[] {
  const findings = [
    ...(plain ? links(plain, survey?.dangling ?? [], options) : []),
    ...(plain ? onlyThere(plain, options) : []),
    ...inSourceToo(sharedToo, options),
    ...lineEnds(windowsScripts),
    ...tornApart(torn, probe, options),
    ...changedSince(probe, adopts, torn, options),
    ...sharedInRelease(sharing.folders, options),
    ...(survey ? lostOwners(survey, live?.keep ?? [], options) : []),
    ...leftInPlace(probe, names, options),
    ...namesBeside(probe, names, beside, options),
    ...(wanted.file === null ? unlistedPackages([...names, ...beside]) : []),
    ...(survey
      ? [
          ...otherPython(survey.pythonVersion, side, options),
          ...otherInterpreters(survey, wanted, side, options),
          ...seenInContainers(survey, side, options),
          ...ownNames(survey, options),
          ...nothingPinned(options),
          ...engineNotStarted(options),
        ]
      : []),
  ];
  return GRAVEST_FIRST.flatMap((each) => findings.filter(({ severity }) => severity === each));
}

const LEAVE_OUT = 'Take the name out of Include or put it into Exclude, so that it stays what it is';

function links(
  { links: replaced }: PlainFacts,
  dangling: readonly string[],
  { basePath, entrypoint }: DeployOptions,
): PreflightFinding[] {
  const nowhere = new Set(dangling);
  const starting = new Set(entrypointNames(entrypoint));
  return replaced.map(({ path, target }) => {
    const what = `${path} in ${basePath} is a link to ${target}`;
    const paths = told([path]);
    if (nowhere.has(path)) {
      const sentence = `${what}, which is not there, and the new version has ${path}, too. Remove the link, or ${lower(LEAVE_OUT)}.`;
      return found('linkDangling', 'refused', paths, () => sentence);
    }
    if (!target.startsWith('/')) {
      const sentence = `${what}; the new version has a file or directory of its own in its place.`;
      return found('linkBecomesFile', 'hint', paths, () => sentence);
    }
    const instead = starting.has(path)
      ? 'Replace it by the file that it leads to, or name another file in Entrypoint'
      : `${LEAVE_OUT}; or replace it by what it leads to`;
    const sentence = `${what}, and the new version has its own ${path}, which would take its place: what the link leads to would no longer be used. ${instead}.`;
    return found('linkReplaced', 'refused', paths, () => sentence);
  });
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function onlyThere(
  { code, files, bytecode }: PlainFacts,
  { basePath, removeOldCode }: DeployOptions,
): PreflightFinding[] {
  const oldCode = removeOldCode
    ? foundAny(
        'codeOnlyThere',
        'hint',
        code,
        (shown) => `Only ${basePath} has ${shown}: the new version is without, as Remove Old Code allows.`,
      )
    : foundAny(
        'codeOnlyThere',
        'refused',
        code,
        (shown) =>
          `Only ${basePath} has ${shown}, which the source does not: is that still needed? Add it to the source; or put it into Exclude, so that it is kept; or switch on Remove Old Code in Options, so that the new version is without.`,
      );
  return [
    ...oldCode,
    ...foundAny(
      'bytecodeOnlyThere',
      'kept',
      bytecode,
      (shown) => `Only ${basePath} has ${shown}, and no source for it: each release takes it along.`,
    ),
    ...foundAny(
      'filesOnlyThere',
      'kept',
      files,
      (shown) =>
        `Only ${basePath} has ${shown}, inside of what is deployed: it is shared, so it stays where it is, and every release finds the same.`,
    ),
  ];
}

function inSourceToo(paths: readonly string[], { basePath }: DeployOptions): PreflightFinding[] {
  return foundAny(
    'sharedInSource',
    'refused',
    told(paths),
    (shown) =>
      `The new version has ${shown}, and ${basePath} has something of its own there, which is shared: put there by the engine or a person. Add it to Shared in Options to keep what ${basePath} has; or move that away, so that the version’s is used.`,
  );
}

/** What runs in a release can't be kept from, or keep. */
function sharedInRelease(folders: readonly string[] = [], { pinning }: DeployOptions): PreflightFinding[] {
  if (!startsInRelease(pinning) || folders.length === 0) return [];
  return [
    found(
      'sharedInRelease',
      'hint',
      told(folders),
      (shown) =>
        `Something is shared in ${shown}, and runs are started in their release: a program that replaces a shared file there (os.replace) can't. Share a directory of its own, such as state/, or choose another Pinning, if the engine does that.`,
    ),
  ];
}

/** Of a first deployment. */
function engineNotStarted({ checks }: DeployOptions): PreflightFinding[] {
  if (checks.some(({ type }) => type === 'engine')) return [];
  return [
    found(
      'engineNotStarted',
      'hint',
      told([]),
      () =>
        'No check starts the engine as workflows do: other checks add to its path, so that they can pass where every run fails. Add one of the type As Workflows Start It.',
    ),
  ];
}

function lineEnds(scripts: readonly string[]): PreflightFinding[] {
  return foundAny(
    'windowsLineEnds',
    'hint',
    told(scripts),
    (shown) =>
      `${shown} in the new version has the line ends of Windows, which a shell takes for parts of words: commands are not found then. Save it with line ends of Unix (dos2unix, or "* text=auto eol=lf" in .gitattributes).`,
  );
}

/** What looks like an engine that writes among what is deployed. */
function changedSince(
  probe: Snapshot['probe'],
  adopts: readonly string[],
  torn: readonly string[],
  { basePath, selection }: DeployOptions,
): PreflightFinding[] {
  const compiled = createSelection(selection);
  const { modified, added } = driftOf(probe, compiled);
  const known = new Set(torn);
  const inside = [...modified, ...added].filter(
    (path) => !(isCode(path) || known.has(path) || compiled.isShared(path)),
  );
  const deployed = new Set(probe.live?.record?.names);
  const files = new Set(probe.names.filter(({ type }) => type === 'file').map(({ name }) => name));
  const atTheTop = adopts.filter((name) => deployed.has(name) && files.has(name) && !isCode(name));
  const paths = [...inside, ...atTheTop];
  return foundAny(
    'changedSince',
    'hint',
    told(paths),
    (shown) =>
      `${shown} in ${basePath} changed since it was deployed, and the new version takes that away. If the engine writes it, add it to Shared in Options, or, at the top of ${basePath}, to Exclude.`,
  );
}

function tornApart(
  paths: readonly string[],
  { current }: Snapshot['probe'],
  { basePath }: DeployOptions,
): PreflightFinding[] {
  return foundAny(
    'sharedTorn',
    'refused',
    told(paths),
    (shown) =>
      `A run that was started in release ${current} has replaced ${shown} there, which is shared: what it wrote is not in ${basePath}. Copy it from releases/${current} to where it belongs in ${basePath} and remove it there; then choose Pinning: In Place or By Code, or share a directory of its own.`,
  );
}

/** Names that a pattern owns and the version does not have: nothing takes their place. */
function leftInPlace(
  { names: there }: Probe,
  names: readonly string[],
  { basePath, selection }: DeployOptions,
): PreflightFinding[] {
  const { ownsName } = createSelection(selection);
  const mine = new Set(names.map(topLevelOf));
  const plain = there.filter(
    ({ name, type }) => type !== 'link' && type !== 'launcher' && ownsName(name) && !mine.has(name),
  );
  const left: Told = told(plain.map(({ name }) => name));
  return foundAny(
    'nameOnlyThere',
    'kept',
    left,
    (shown) =>
      `Include has ${shown}, which lies in ${basePath} and not in the source: it stays there as it is, and is no part of the release.`,
  );
}
