import { DeployError } from '../errors';

/** What tells which of several n8n processes this one is. */
export interface ProcessKind {
  /** `EXECUTIONS_MODE` */
  mode: string | undefined;
  /** What `n8n` was started as: its first argument, such as `worker`. */
  command: string | undefined;
  /** `N8N_HOT_DEPLOY_ENGINE_MACHINE` */
  marked: string | undefined;
}

/** Processes that exist in queue mode only, wherever that was configured. */
const QUEUE_COMMANDS = ['worker', 'webhook'];

/**
 * Lets local mode work in queue mode only on a machine that is marked as the engine's. There, workers take executions
 * as they come: the next one may run on another machine, where the same path is another engine, or none. The main
 * process is no exception, as it runs what is started by hand.
 *
 * @throws INPUT saying how to mark the machine
 */
export function checkEngineMachine({ mode, command = '', marked }: ProcessKind): void {
  const queue = mode?.trim().toLowerCase() === 'queue' || QUEUE_COMMANDS.includes(command);
  if (!queue || marked?.trim().toLowerCase() === 'true') return;
  throw new DeployError(
    'INPUT',
    '"Connection" is local and n8n runs in queue mode, but this machine isn’t marked as the engine’s.',
    {
      description:
        'Use SSH, which reaches the engine from every worker. Or set N8N_HOT_DEPLOY_ENGINE_MACHINE=true for n8n’s processes on the engine’s machine: executions that others take are refused.',
      details: { mode: mode ?? null, command, marked: marked ?? null },
    },
  );
}
