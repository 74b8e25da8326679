import type { Probe } from '../../contract/facts';
import { entrypointNames } from '../../contract/names';
import { createSelection } from '../../source/patterns';
import { topLevelOf } from '../../source/paths';
import { otherInterpreters, seenInContainers } from './interpreters';
import { lostOwners } from './owners';
import { namesBeside, nothingPinned, otherPython, ownNames, unlistedPackages } from './hinted';
import type { PlainFacts } from '../plainTree';
import type { DeployOptions } from '../options';
import { found, type PreflightFinding, type Severity, type Told, told } from '../preflight';
import type { Snapshot } from '../snapshot';
import type { Version } from '../version';

const GRAVEST_FIRST: readonly Severity[] = ['refused', 'kept', 'hint'];

/** What is found of an engine, a version and what was asked for, the gravest first. */
export function decidePreflight(
  { probe, side }: Snapshot,
  { plain, survey, names, beside = [], live, wanted }: Version,
  options: DeployOptions,
): PreflightFinding[] {
  const findings = [
    ...(plain ? links(plain, survey?.dangling ?? [], options) : []),
    ...(plain ? onlyThere(plain, options) : []),
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
  const findings: PreflightFinding[] = [];
  if (code.count > 0) {
    findings.push(
      removeOldCode
        ? found(
            'codeOnlyThere',
            'hint',
            code,
            (shown) =>
              `Only ${basePath} has ${shown}: the new version is without, as Remove Old Code allows.`,
          )
        : found(
            'codeOnlyThere',
            'refused',
            code,
            (shown) =>
              `Only ${basePath} has ${shown}, which the source does not: is that still needed? Add it to the source; or put it into Exclude, so that it is kept; or switch on Remove Old Code in Options, so that the new version is without.`,
          ),
    );
  }
  if (bytecode.count > 0) {
    findings.push(
      found(
        'bytecodeOnlyThere',
        'kept',
        bytecode,
        (shown) => `Only ${basePath} has ${shown}, and no source for it: each release takes it along.`,
      ),
    );
  }
  if (files.count > 0) {
    findings.push(
      found(
        'filesOnlyThere',
        'kept',
        files,
        (shown) =>
          `Only ${basePath} has ${shown}, inside of what is deployed: each release takes it along. Keep what the engine writes outside of deployed directories, where it belongs to no release.`,
      ),
    );
  }
  return findings;
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
  if (left.count === 0) return [];
  return [
    found(
      'nameOnlyThere',
      'kept',
      left,
      (shown) =>
        `Include has ${shown}, which lies in ${basePath} and not in the source: it stays there as it is, and is no part of the release.`,
    ),
  ];
}
