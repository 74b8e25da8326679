import type { Survey } from '../../contract/facts';
import type { RecordedDependencies } from '../../contract/records';
import type { DeployOptions } from '../options';
import { found, type PreflightFinding, told } from '../preflight';
import type { Side } from '../snapshot';

type Interpreter = Survey['interpreters'][number];

/**
 * Interpreters that the plain engine names and that are not the one which checks run with: start scripts by their first
 * line, virtual environments beside.
 *
 * @param wanted what the release will have of packages
 */
export function otherInterpreters(
  { interpreters }: Pick<Survey, 'interpreters'>,
  { installs, mode }: Pick<RecordedDependencies, 'installs' | 'mode'>,
  { python }: Pick<Side, 'python'>,
  { basePath }: Pick<DeployOptions, 'basePath'>,
): PreflightFinding[] {
  const ours = python.version.split('.').slice(0, 2).join('.');
  const hasItsOwn = installs && mode === 'virtualEnvironment';
  return interpreters
    .filter((each) => isAnother(each, python.executable, ours, hasItsOwn))
    .map((each) => {
      const { path, interpreter, version } = each;
      const what = interpreter.endsWith(`/${path}/bin/python`)
        ? `${path} in ${basePath} is a virtual environment`
        : `${path} in ${basePath} is started with ${interpreter}`;
      const which = version === null ? '' : ` of Python ${version}`;
      const then = hasItsOwn
        ? `Runs of a release have its own environment (Python ${ours}) instead: name what it needs in the requirements`
        : `Checks run with Python ${python.version} (${python.executable}): set Python to that interpreter, so that they mean what runs do`;
      return found('otherInterpreter', 'hint', told([path]), () => `${what}${which}. ${then}.`);
    });
}

function isAnother(
  { interpreter, version }: Interpreter,
  executable: string,
  ours: string,
  hasItsOwn: boolean,
): boolean {
  if (interpreter === executable) return false;
  return version !== null ? hasItsOwn || version !== ours : !interpreter.startsWith('/usr/');
}

/** Containers that see the base path, where the deployment goes to their machine: their Python is not the one that checks. */
export function seenInContainers(
  { containers }: Pick<Survey, 'containers'>,
  { python, container }: Pick<Side, 'python' | 'container'>,
  { basePath }: Pick<DeployOptions, 'basePath'>,
): PreflightFinding[] {
  if (containers.length === 0 || container !== undefined) return [];
  const names = containers.map(({ container: name, place, processId }) => {
    const called = name === null ? `the container of process ${processId}` : `container ${name}`;
    return place === basePath ? called : `${called} (as ${place})`;
  });
  const one = containers.length === 1;
  return [
    found(
      'mountedInContainer',
      'hint',
      told(names),
      (shown) =>
        `${basePath} is mounted into ${shown}, and checks run with Python ${python.version} of ${python.executable} outside. If the engine runs in ${one ? 'it' : 'one of them'}, set Runtime to Container and name it in Container.`,
    ),
  ];
}
