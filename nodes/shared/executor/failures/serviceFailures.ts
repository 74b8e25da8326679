/** Services that keep running, and that a switch has to take along. */
import { count, orNull } from '../../contract/shape';
import { failure } from './failure';
import { word, words } from './given';

const ACTIONS: Readonly<Record<string, string>> = {
  pidFile: 'The process of the PID file',
  processes: 'The service',
  unit: 'systemctl',
  container: 'Restarting the container',
  command: 'The Reload Command',
};

const WHY_NOT: Readonly<Record<string, string>> = {
  missing: 'is missing',
  noNumber: 'holds no process id',
  ended: 'names a process that has ended',
  another: 'names a process that was started after it was written, so it is another one',
  user: 'names another user’s process',
};

const STARTING: Readonly<Record<string, string>> = {
  died: 'ended before it was ready',
  notReady: 'was not ready in time',
  busy: 'could not be started: another hand-over is under way',
  releaseMissing: 'is not kept there any more',
  notStartable: 'could not be started',
  socketNotTaken: 'does not take the socket',
  gone: 'was being started when serve.py stopped answering',
};

export const SERVICE = {
  serviceActionFailed: failure({
    code: 'STEP',
    facts: { by: word, said: words, exitCode: orNull(count) },
    message: ({ by, exitCode }) =>
      `${ACTIONS[by] ?? 'The service'} could not be told of the new version${exitCode === null ? '' : ` (exit code ${exitCode})`}.`,
    description: ({ said }) => said || 'It took longer than it may, and was ended.',
  }),
  serviceProgramMissing: failure({
    code: 'STEP',
    facts: { program: words },
    message: ({ program }) => `Neither PATH nor the base path has ${program.replace(' ', ' or ')}.`,
    description: 'Give its absolute path, or choose another way for Reload By.',
  }),
  servicePidFile: failure({
    code: 'STEP',
    facts: { path: words, why: word },
    message: ({ path, why }) =>
      `The PID file ${path} ${WHY_NOT[why] ?? 'can’t be used'}, so nobody was signalled.`,
    description:
      'Start the service so that it writes its process id there, or choose another way for Reload By.',
  }),
  serviceNobody: failure({
    code: 'STEP',
    facts: { release: orNull(word) },
    message: ({ release }) =>
      release === null
        ? 'Nothing was live before, so no service runs it that could be signalled.'
        : `No process that runs release ${release} listens for connections, so nobody was signalled.`,
    description:
      'Start the service by python3 .hot-deploy/launch.py COMMAND, which is how it is known, or choose another way for Reload By.',
  }),
  serviceMissing: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `No serve.py answers in ${path}, so there is no service to hand over.`,
    description:
      'Start the service by python3 .hot-deploy/serve.py --listen HOST:PORT -- COMMAND, or choose Reload or None for Service.',
  }),
  serviceNotPrepared: failure({
    code: 'STEP',
    facts: {},
    message: 'No service was started that could take over.',
  }),
  serviceNotReady: failure({
    code: 'STEP',
    facts: {
      service: word,
      why: word,
      lastLines: words,
      said: words,
      exitCode: orNull(count),
      signal: orNull(word),
    },
    message: ({ service, why, exitCode, signal }) => {
      const code = exitCode === null ? '' : ` (exit code ${exitCode})`;
      const end = signal === null ? code : ` (${signal})`;
      return `The new version of the service ${service} ${STARTING[why] ?? 'could not take over'}${end}; the old one goes on answering.`;
    },
    description: ({ lastLines, said }) => [said, lastLines].filter(Boolean).join('\n') || undefined,
    details: ['service', 'why'],
  }),
};
