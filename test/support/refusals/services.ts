import type { Refusal } from './refusal';

const NOT_READY = { service: 'serve', exitCode: null, signal: null, said: '', lastLines: '' };
const START_IT =
  'Start the service by python3 .hot-deploy/launch.py COMMAND, which is how it is known, or choose another way for Reload By.';

export const SERVICES: readonly Refusal[] = [
  {
    kind: 'serviceActionFailed',
    facts: { by: 'unit', said: 'Unit engine.service not found.', exitCode: 5 },
    code: 'STEP',
    message: 'systemctl could not be told of the new version (exit code 5).',
    description: 'Unit engine.service not found.',
  },
  {
    kind: 'serviceActionFailed',
    facts: { by: 'command', said: '', exitCode: null },
    code: 'STEP',
    message: 'The Reload Command could not be told of the new version.',
    description: 'It took longer than it may, and was ended.',
  },
  {
    kind: 'serviceProgramMissing',
    facts: { program: 'docker podman' },
    code: 'STEP',
    message: 'Neither PATH nor the base path has docker or podman.',
    description: 'Give its absolute path, or choose another way for Reload By.',
  },
  {
    kind: 'servicePidFile',
    facts: { path: '/app/engine.pid', why: 'ended' },
    code: 'STEP',
    message: 'The PID file /app/engine.pid names a process that has ended, so nobody was signalled.',
    description:
      'Start the service so that it writes its process id there, or choose another way for Reload By.',
  },
  {
    kind: 'serviceNobody',
    facts: { release: '20261123-171501-3f2a9c1' },
    code: 'STEP',
    message:
      'No process that runs release 20261123-171501-3f2a9c1 listens for connections, so nobody was signalled.',
    description: START_IT,
  },
  {
    kind: 'serviceNobody',
    facts: { release: null },
    code: 'STEP',
    message: 'Nothing was live before, so no service runs it that could be signalled.',
    description: START_IT,
  },
  {
    kind: 'serviceMissing',
    facts: { path: '/app/.hot-deploy' },
    code: 'STEP',
    message: 'No serve.py answers in /app/.hot-deploy, so there is no service to hand over.',
    description:
      'Start the service by python3 .hot-deploy/serve.py --listen HOST:PORT -- COMMAND, or choose Reload or None for Service.',
  },
  {
    kind: 'serviceNotPrepared',
    facts: {},
    code: 'STEP',
    message: 'No service was started that could take over.',
  },
  {
    kind: 'serviceNotReady',
    facts: { ...NOT_READY, why: 'died', exitCode: 3, lastLines: 'no key' },
    code: 'STEP',
    message:
      'The new version of the service serve ended before it was ready (exit code 3); the old one goes on answering.',
    description: 'no key',
    details: { service: 'serve', why: 'died' },
  },
  {
    kind: 'serviceNotReady',
    facts: { ...NOT_READY, why: 'died', signal: 'SIGKILL' },
    code: 'STEP',
    message:
      'The new version of the service serve ended before it was ready (SIGKILL); the old one goes on answering.',
    details: { service: 'serve', why: 'died' },
  },
];
