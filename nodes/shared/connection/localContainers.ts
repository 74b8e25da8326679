import { DeployError } from '../errors';

/** Programs that run commands in containers; any other would be any program at all. */
const COMMANDS = ['docker', 'podman', 'nerdctl'];

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
        description:
          `Its administrator allows it by setting n8n’s environment variable N8N_HOT_DEPLOY_LOCAL_CONTAINERS=${container}` +
          `${allowed.length > 0 ? `, which is ${allowed.join(',')} now` : ''}. Or use SSH.`,
        details: { container, allowed },
      },
    );
  }
  const programs = [...COMMANDS, ...list(commands)];
  if (programs.includes(command)) return;
  throw new DeployError(
    'INPUT',
    `"Container Command" "${command}" is not allowed for the connection Local; choose one of ${programs.join(', ')}.`,
    {
      description:
        'The administrator of this machine allows another one in N8N_HOT_DEPLOY_LOCAL_CONTAINER_COMMANDS.',
      details: { command, allowed: programs },
    },
  );
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
