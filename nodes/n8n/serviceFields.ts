/** What a switch does to a service that keeps running. */
import { containerName, unitName } from '../shared/contract/serviceVerbs';
import type { Shape } from '../shared/contract/shape';
import { DeployError } from '../shared/errors';
import {
  type HandOverTimes,
  type ReloadAction,
  type ServiceOptions,
  SIGNALS,
  UNIT_ACTIONS,
} from '../shared/release/servicePolicy';
import { listOfWords } from './argumentList';
import { choice, count, flag, option, type ReadParameter, trimmed } from './field';
import { commandTimeoutSeconds } from './locationFields';

const SERVICE_CHOICES = ['auto', 'none', 'reload', 'handOver'] as const;
const RELOAD_CHOICES = ['command', 'container', 'unit', 'pidFile', 'processes'] as const;

/** Shown for one way of reloading. */
function shownFor(...ways: ReadonlyArray<(typeof RELOAD_CHOICES)[number]>) {
  return { show: { service: ['reload'], reloadBy: [...ways] } };
}

const service = choice(SERVICE_CHOICES, {
  displayName: 'Service',
  name: 'service',
  default: 'auto',
  options: [
    {
      name: 'Automatic',
      value: 'auto',
      description: 'Handed over where serve.py runs the engine’s service; otherwise nothing is done',
    },
    {
      name: 'Hand Over',
      value: 'handOver',
      description:
        'The new version is started beside the old one, and takes its connections when it is ready; refused where no serve.py runs it',
    },
    { name: 'None', value: 'none', description: 'A service goes on with the code that it has loaded' },
    {
      name: 'Reload',
      value: 'reload',
      description: 'It is told to load the new version, or restarted: for a moment it may refuse connections',
    },
  ],
  description:
    'For an engine that keeps running and is asked over HTTP, what a switch does so that it answers with the new version',
});

const reloadBy = choice(RELOAD_CHOICES, {
  displayName: 'Reload By',
  name: 'reloadBy',
  default: 'command',
  options: [
    { name: 'Command', value: 'command', description: 'A program is run, without a shell' },
    {
      name: 'Container Restart',
      value: 'container',
      description: 'A container on the engine’s host is restarted',
    },
    {
      name: 'Signal to PID File',
      value: 'pidFile',
      description: 'The process that a file names gets a signal',
    },
    {
      name: 'Signal to the Old Release',
      value: 'processes',
      description: 'Whatever runs the old release and listens for connections gets a signal',
    },
    { name: 'Systemd Unit', value: 'unit', description: 'A unit is restarted or reloaded' },
  ],
  description: 'How the service is told',
  displayOptions: { show: { service: ['reload'] } },
});

const reloadCommand = listOfWords({
  displayName: 'Reload Command',
  name: 'reloadCommand',
  placeholder: 'supervisorctl',
  description:
    'The program and its arguments, word by word, as in supervisorctl restart engine: run without a shell in the base path, as the user that is logged in',
  displayOptions: shownFor('command'),
});

const serviceContainer = trimmed({
  displayName: 'Container to Restart',
  name: 'serviceContainer',
  default: '',
  required: true,
  placeholder: 'engine',
  description: 'Its name or ID, for docker or podman on the engine’s host',
  displayOptions: shownFor('container'),
});

const unit = trimmed({
  displayName: 'Unit',
  name: 'unit',
  default: '',
  required: true,
  placeholder: 'engine.service',
  description: 'Its name, as systemctl status takes it',
  displayOptions: shownFor('unit'),
});

const unitAction = choice(UNIT_ACTIONS, {
  displayName: 'Unit Action',
  name: 'unitAction',
  default: 'restart',
  options: [
    { name: 'Reload', value: 'reload', description: 'What the unit’s ExecReload says' },
    { name: 'Restart', value: 'restart', description: 'It is stopped and started' },
  ],
  description: 'What systemctl is told to do',
  displayOptions: shownFor('unit'),
});

const userUnit = flag({
  displayName: 'User Unit',
  name: 'userUnit',
  default: false,
  description: 'Whether it is a unit of the user that is logged in, for systemctl --user',
  displayOptions: shownFor('unit'),
});

const pidFile = trimmed({
  displayName: 'PID File',
  name: 'pidFile',
  default: '',
  required: true,
  placeholder: 'run/engine.pid',
  description:
    'The file that holds the service’s process ID: a path from the base path on, or an absolute one',
  displayOptions: shownFor('pidFile'),
});

const signal = choice(SIGNALS, {
  displayName: 'Signal',
  name: 'signal',
  default: 'HUP',
  options: SIGNALS.map((name) => ({ name, value: name })),
  description:
    'What the service takes as the request to load its code anew. TERM where something starts it again when it has ended.',
  displayOptions: shownFor('pidFile', 'processes'),
});

/** In the form. */
export const serviceFields = [
  service,
  reloadBy,
  reloadCommand,
  serviceContainer,
  unit,
  unitAction,
  userUnit,
  pidFile,
  signal,
];

const readySeconds = option(
  count({
    displayName: 'Service Start Timeout (Seconds)',
    name: 'readySeconds',
    default: 60,
    typeOptions: { minValue: 1 },
    description:
      'How long the new version of a service may take until it can answer. Otherwise the old one goes on, and the deployment is refused.',
  }),
);

const drainSeconds = option(
  count({
    displayName: 'Drain Time (Seconds)',
    name: 'drainSeconds',
    default: 30,
    typeOptions: { minValue: 0 },
    description:
      'How long the old version of a service has to finish what is in progress, once the new one answers',
  }),
);

const keepOldMinutes = option(
  count({
    displayName: 'Keep Old Version (Minutes)',
    name: 'keepOldMinutes',
    default: 0,
    typeOptions: { minValue: 0 },
    description:
      'How long the old version of a service goes on running, so that going back takes no start. It takes its memory for as long.',
  }),
);

/** In the collection Options. */
export const serviceOptions = [drainSeconds, keepOldMinutes, readySeconds];
/** Of these, what there is for a service that goes nowhere back. */
export const startAndDrain = [drainSeconds, readySeconds];

/** Reads those. */
export function readTimes(read: ReadParameter): HandOverTimes {
  return { readySeconds: readySeconds.read(read), drainSeconds: drainSeconds.read(read), keepOldSeconds: 0 };
}

/** Reads them. */
export function readService(read: ReadParameter): ServiceOptions {
  const method = service.read(read);
  if (method === 'none') return { method };
  if (method === 'reload') return { method, reload: readReload(read) };
  return {
    method,
    ...readTimes(read),
    keepOldSeconds: keepOldMinutes.read(read) * 60,
  };
}

function readReload(read: ReadParameter): ReloadAction {
  const by = reloadBy.read(read);
  const timeoutSeconds = commandTimeoutSeconds.read(read);
  switch (by) {
    case 'command': {
      const command = reloadCommand.read(read);
      if (!command[0])
        throw new DeployError('INPUT', 'Reload Command is empty. Add the program and its arguments.');
      return { by, command, timeoutSeconds };
    }
    case 'container':
      return {
        by,
        container: nameOf('Container to Restart', serviceContainer.read(read), containerName),
        timeoutSeconds,
      };
    case 'unit': {
      const named = nameOf('Unit', unit.read(read), unitName);
      const how = { unitAction: unitAction.read(read), userUnit: userUnit.read(read) };
      return { by, unit: named, ...how, timeoutSeconds };
    }
    case 'pidFile': {
      const path = pidFile.read(read);
      if (!path)
        throw new DeployError(
          'INPUT',
          'PID File is empty. Name the file that the service writes its process id to.',
        );
      return { by, path, signal: signal.read(read), timeoutSeconds };
    }
    case 'processes':
      return { by, signal: signal.read(read), timeoutSeconds };
  }
}

function nameOf(called: string, given: string, shape: Shape<string>): string {
  if (has(shape, given)) return given;
  throw new DeployError(
    'INPUT',
    `${called} ${JSON.stringify(given)} is no name of one. Letters, digits and . _ - are what such a name is made of.`,
  );
}

function has(shape: Shape<string>, given: string): boolean {
  try {
    return shape.parse(given, '') === given;
  } catch {
    return false;
  }
}
