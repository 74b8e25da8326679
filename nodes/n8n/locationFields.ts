import { type BasePath, parseBasePath } from '../shared/contract/names';
import type { InterpreterOptions } from '../shared/executor/interpreter';
import { SILENCE_SECONDS } from '../shared/executor/program';
import { choice, count, display, named, option, type ReadParameter, trimmed } from './field';

/** Where an executor is started. */
export interface EngineLocation {
  connection: 'ssh' | 'local';
  hostOverride: string;
  basePath: BasePath;
  /** Without `become`, which the credential knows. */
  interpreter: Omit<InterpreterOptions, 'become'>;
  startTimeoutMs: number;
  /** After how long without a sign of n8n the engine's side puts things right. */
  silenceSeconds?: number | undefined;
}

const connection = choice(['ssh', 'local'], {
  displayName: 'Connection',
  name: 'connection',
  noDataExpression: true,
  options: [
    { name: 'SSH', value: 'ssh', description: 'The engine runs on another host' },
    {
      name: 'Local',
      value: 'local',
      description: 'The engine runs on this machine, n8n’s own, or in a container on it',
    },
  ],
  default: 'ssh',
  description: 'How the engine is reached',
});

const localNotice = display({
  displayName:
    'Local works below the directories that n8n’s environment variable N8N_HOT_DEPLOY_LOCAL_PATHS lists, such as /app, and in the containers that N8N_HOT_DEPLOY_LOCAL_CONTAINERS lists.',
  name: 'localNotice',
  type: 'notice',
  default: '',
  displayOptions: { show: { connection: ['local'] } },
});

/** Where the credentials are chosen. n8n puts them in front of the last field that any of them depends on, otherwise. */
const credentials = display({
  displayName: 'Credentials',
  name: 'credentials',
  type: 'credentials',
  default: '',
  description: 'How to log in to the host, and where one is needed to the repository and the package index',
});

const hostOverride = trimmed({
  displayName: 'Host Override',
  name: 'hostOverride',
  default: '',
  placeholder: 'engine-2.example.com',
  description: 'Another host than the one in the credential, whose other fields are used as they are',
  displayOptions: { show: { connection: ['ssh'] } },
});

export const basePath = named(
  {
    displayName: 'Base Path',
    name: 'basePath',
    default: '/app',
    required: true,
    placeholder: '/app',
    description: 'Directory the engine lives in, as the engine itself sees it',
  },
  parseBasePath,
);

const runtime = choice(['host', 'container'], {
  displayName: 'Runtime',
  name: 'runtime',
  noDataExpression: true,
  options: [
    { name: 'Container', value: 'container', description: 'Inside a running container on that host' },
    { name: 'Host', value: 'host', description: 'Directly on that host' },
  ],
  default: 'host',
  description: 'Where the engine’s Python runs',
});

const container = trimmed({
  displayName: 'Container',
  name: 'container',
  default: '',
  required: true,
  placeholder: 'engine',
  description:
    'Name or ID of the running container the engine runs in. It is reached with docker; the option Container Command names another program, such as podman.',
  displayOptions: { show: { runtime: ['container'] } },
});

export const commandTimeoutSeconds = option(
  count({
    displayName: 'Command Timeout (Seconds)',
    name: 'commandTimeoutSeconds',
    default: 60,
    typeOptions: { minValue: 1 },
    description:
      'How long the interpreter may take to start, and a check that names no time of its own to end. Other steps may take up to 30 times as long, and at least 30 minutes.',
  }),
);

export const containerCommand = option(
  trimmed({
    displayName: 'Container Command',
    name: 'containerCommand',
    default: 'docker',
    placeholder: 'podman',
    description: 'Program that runs commands in the container, for the runtime Container',
  }),
);

export const python = option(
  trimmed({
    displayName: 'Python',
    name: 'python',
    default: 'python3',
    placeholder: '/usr/bin/python3.11',
    description: 'The engine’s interpreter, 3.8 or newer: a name or a full path',
  }),
);

export const silenceSeconds = option(
  count({
    displayName: 'Silence (Seconds)',
    name: 'silenceSeconds',
    default: SILENCE_SECONDS,
    typeOptions: { minValue: 2 },
    description:
      'After how long without a sign of n8n the engine’s side takes an unconfirmed switch back and frees the lock. A connection that ends is noticed at once.',
  }),
);

/** Where the engine is: the same on every node. */
export const locationFields = [
  connection,
  localNotice,
  credentials,
  hostOverride,
  basePath,
  runtime,
  container,
];

/** Which engine, and how its Python is reached. */
export function readLocation(read: ReadParameter): EngineLocation {
  return {
    connection: connection.read(read),
    hostOverride: hostOverride.read(read),
    basePath: basePath.read(read),
    interpreter: {
      python: python.read(read),
      runtime: runtime.read(read),
      container: container.read(read),
      containerCommand: containerCommand.read(read),
    },
    startTimeoutMs: commandTimeoutSeconds.read(read) * 1000,
    silenceSeconds: silenceSeconds.read(read),
  };
}
