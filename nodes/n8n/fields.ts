import type { INodeProperties } from 'n8n-workflow';

import { SILENCE_SECONDS } from '../shared/executor/program';
import { DEFAULT_SELECTION } from '../shared/source/bundle';

/** Where the engine is: the same on every node. */
export const engineFields: INodeProperties[] = [
  {
    displayName: 'Connection',
    name: 'connection',
    type: 'options',
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
  },
  {
    displayName:
      'Local works below the directories that n8n’s environment variable N8N_HOT_DEPLOY_LOCAL_PATHS lists, such as /app, and in the containers that N8N_HOT_DEPLOY_LOCAL_CONTAINERS lists.',
    name: 'localNotice',
    type: 'notice',
    default: '',
    displayOptions: { show: { connection: ['local'] } },
  },
  // Where the credentials are chosen. n8n puts them in front of the last field that any of them depends on, otherwise.
  {
    displayName: 'Credentials',
    name: 'credentials',
    type: 'credentials',
    default: '',
    description: 'How to log in to the host, and where one is needed to the repository and the package index',
  },
  {
    displayName: 'Host Override',
    name: 'hostOverride',
    type: 'string',
    default: '',
    placeholder: 'engine-2.example.com',
    description: 'Another host than the one in the credential, whose other fields are used as they are',
    displayOptions: { show: { connection: ['ssh'] } },
  },
  {
    displayName: 'Base Path',
    name: 'basePath',
    type: 'string',
    default: '/app',
    required: true,
    placeholder: '/app',
    description: 'Directory the engine lives in, as the engine itself sees it',
  },
  {
    displayName: 'Runtime',
    name: 'runtime',
    type: 'options',
    noDataExpression: true,
    options: [
      { name: 'Container', value: 'container', description: 'Inside a running container on that host' },
      { name: 'Host', value: 'host', description: 'Directly on that host' },
    ],
    default: 'host',
    description: 'Where the engine’s Python runs',
  },
  {
    displayName: 'Container',
    name: 'container',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'engine',
    description:
      'Name or ID of the running container the engine runs in. It is reached with docker; the option Container Command names another program, such as podman.',
    displayOptions: { show: { runtime: ['container'] } },
  },
];

/** The part of the options that every node has. */
export const commonOptions: INodeProperties[] = [
  {
    displayName: 'Command Timeout (Seconds)',
    name: 'commandTimeoutSeconds',
    type: 'number',
    default: 60,
    typeOptions: { minValue: 1 },
    description:
      'How long the interpreter may take to start, and a check that names no time of its own to end',
  },
  {
    displayName: 'Container Command',
    name: 'containerCommand',
    type: 'string',
    default: 'docker',
    placeholder: 'podman',
    description: 'Program that runs commands in the container, for the runtime Container',
  },
  {
    displayName: 'Lock Wait (Seconds)',
    name: 'lockWaitSeconds',
    type: 'number',
    default: 0,
    typeOptions: { minValue: 0 },
    description: 'How long to wait while another operation holds the engine’s lock',
  },
  {
    displayName: 'Owner',
    name: 'owner',
    type: 'string',
    default: '',
    placeholder: 'engine:engine',
    description:
      'User (and group) whom releases and environments belong to, when root deploys: names or numbers. Empty takes whom the base path belongs to.',
  },
  {
    displayName: 'Python',
    name: 'python',
    type: 'string',
    default: 'python3',
    placeholder: '/usr/bin/python3.11',
    description: 'The engine’s interpreter, 3.8 or newer: a name or a full path',
  },
  {
    displayName: 'Silence (Seconds)',
    name: 'silenceSeconds',
    type: 'number',
    default: SILENCE_SECONDS,
    typeOptions: { minValue: 2 },
    description:
      'After how long without a sign of n8n the engine’s side takes an unconfirmed switch back and frees the lock. A connection that ends is noticed at once.',
  },
];

/** The options of operations that keep and remove releases. */
export const retentionOptions: INodeProperties[] = [
  {
    displayName: 'Keep Backups',
    name: 'keepBackups',
    type: 'number',
    default: 10,
    typeOptions: { minValue: 0 },
    description: 'How many backup archives to keep, the newest first',
  },
  {
    displayName: 'Keep Releases',
    name: 'keepReleases',
    type: 'number',
    default: 10,
    typeOptions: { minValue: 1 },
    description: 'How many releases to keep; the live, the previous and running ones are kept in any case',
  },
];

/** Asks n8n itself before and after. */
export const n8nHealthOption: INodeProperties = {
  displayName: 'n8n Health URL',
  name: 'n8nHealthUrl',
  type: 'string',
  default: '',
  placeholder: 'http://127.0.0.1:5678/healthz',
  description: 'Asked before and after, so that the output shows that n8n answered throughout',
};

/** Asks for what people read. */
export const reportOption: INodeProperties = {
  displayName: 'Report',
  name: 'report',
  type: 'boolean',
  default: false,
  description:
    'Whether the item carries an HTML report in the binary field “report”: steps, checks with their output, files and packages changed; also of what did not go live, when the node’s settings let it go on',
};

/** Whether the output of an operation that switches is what people read, or all of it. */
export const simplifyField: INodeProperties = {
  displayName: 'Simplify',
  name: 'simplify',
  type: 'boolean',
  default: true,
  description:
    'Whether to return a simplified version of the output: what is live, from where, what changed and which checks passed, without how it was done',
};

/** What the engine consists of. */
export const entrypointField: INodeProperties = {
  displayName: 'Entrypoint',
  name: 'entrypoint',
  type: 'string',
  default: 'run.py',
  required: true,
  description: 'File at the top of the base path that starts the engine; the launcher takes its place',
};

/** Which part of a source is deployed. */
export const selectionFields: INodeProperties[] = [
  {
    displayName: 'Include',
    name: 'include',
    type: 'string',
    default: DEFAULT_SELECTION.include.join(', '),
    required: true,
    description:
      'What is deployed: names and globs, separated by commas or lines. Everything else in the base path is never touched.',
  },
  {
    displayName: 'Exclude',
    name: 'exclude',
    type: 'string',
    default: '',
    placeholder: '**/*.local.json, src/tests',
    description: 'What of that is not deployed, and stays as it is on the engine’s side',
  },
];
