import { DeployError } from '../errors';

/** Programs that run commands in containers; any other would be any program at all. */
const COMMANDS = ['docker', 'podman', 'nerdctl'];

/** No other characters can be in a container's name or in a program's that is started. */
const POSSIBLE = /^[A-Za-z0-9_.+/-]+$/;

/** What the administrator of n8n's machine allows, as n8n's environment has it. */
export interface LocalContainerSettings {
  /** `N8N_HOT_DEPLOY_LOCAL_CONTAINERS`: names or ids, separated by commas. */
  containers: string | undefined;
  /** `N8N_HOT_DEPLOY_LOCAL_CONTAINER_COMMANDS`: further programs, separated by commas. */
  commands: string | undefined;
}

/**
 * Lets local mode reach only the containers that the administrator of this machine allowed: their paths are not those
 * of this machine, so that a list of directories says nothing about them.
 *
 * @throws INPUT when the container or the program is not allowed; says how to allow it
 */
export function checkLocalContainer(
  container: string,
  command: string,
  { containers, commands }: LocalContainerSettings,
): void {
  const allowed = list(containers);
  if (!allowed.includes(container)) {
    throw new DeployError(
      'INPUT',
      `"Container" "${container}" is not allowed for the connection Local on this machine.`,
      {
        description: `${howToAllow('Container', 'N8N_HOT_DEPLOY_LOCAL_CONTAINERS', allowed)} Or use SSH.`,
        details: { container, allowed },
      },
    );
  }
  const further = list(commands);
  const programs = [...COMMANDS, ...further];
  if (programs.includes(command)) return;
  throw new DeployError(
    'INPUT',
    `"Container Command" "${command}" is not allowed for the connection Local; choose one of ${programs.join(', ')}.`,
    {
      description: howToAllow('Container Command', 'N8N_HOT_DEPLOY_LOCAL_CONTAINER_COMMANDS', further),
      details: { command, allowed: programs },
    },
  );
}

/** What to do about a name that isn't listed. Gives no line to copy: that would drop the others, or allow a typo. */
function howToAllow(field: string, variable: string, listed: string[]): string {
  const lists = listed.length > 0 ? listed.join(', ') : 'nothing so far';
  const impossible = listed.find((name) => !POSSIBLE.test(name));
  return (
    `Correct ${field}, or have the administrator add it to n8n’s environment variable ${variable}, which lists ` +
    `${lists} (separated by commas, read when n8n starts).` +
    (impossible
      ? ` “${impossible}” is taken for one name, which nothing can have: separate names by commas.`
      : '')
  );
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
