import type { INodeProperties } from 'n8n-workflow';

import { NO_DEPENDENCIES } from '../shared/dependencies/options';

const forDeploying = { operation: ['deploy', 'plan'] };
const whenInstalling = { ...forDeploying, dependencies: ['virtualEnvironment', 'interpreter'] };

/** How the packages are brought that the engine needs. */
export const dependencyFields: INodeProperties[] = [
  {
    displayName: 'Dependencies',
    name: 'dependencies',
    type: 'options',
    options: [
      {
        name: 'Engine’s Interpreter',
        value: 'interpreter',
        description: 'Installed into the interpreter itself: neither atomic nor taken back',
      },
      {
        name: 'None',
        value: 'none',
        description: 'The engine runs with what its interpreter has; nothing is installed',
      },
      {
        name: 'Virtual Environment',
        value: 'virtualEnvironment',
        description: 'Built aside, switched with the release and taken back with it',
      },
    ],
    default: 'virtualEnvironment',
    description: 'How the packages that requirements.txt or a lock file names are brought',
    displayOptions: { show: forDeploying },
  },
  {
    displayName:
      'Not atomic: extractions that run meanwhile see the packages of the interpreter change, before the checks, and rolling back does not take them back.',
    name: 'interpreterNotice',
    type: 'notice',
    default: '',
    displayOptions: { show: { ...forDeploying, dependencies: ['interpreter'] } },
  },
  {
    displayName: 'Package Index',
    name: 'packageIndex',
    type: 'options',
    options: [
      {
        name: 'As Configured',
        value: 'configured',
        description: 'The one that pip is configured with on the engine’s side, or PyPI',
      },
      { name: 'Private (Credential)', value: 'credential', description: 'One that asks for credentials' },
    ],
    default: 'configured',
    description: 'Where packages come from',
    displayOptions: { show: whenInstalling },
  },
  {
    displayName: 'Dependency Options',
    name: 'dependencyOptions',
    type: 'collection',
    placeholder: 'Add Option',
    default: {},
    displayOptions: { show: whenInstalling },
    options: [
      {
        displayName: 'Constraints File',
        name: 'constraints',
        type: 'string',
        default: '',
        placeholder: 'constraints.txt',
        description: 'Path in the source of a file that limits versions; has to be included',
      },
      {
        displayName: 'Extra Index URLs',
        name: 'extraIndexUrls',
        type: 'string',
        default: '',
        description: 'Further indexes, separated by commas or lines',
      },
      {
        displayName: 'Find Links',
        name: 'findLinks',
        type: 'string',
        default: '',
        placeholder: 'wheels',
        description:
          'Directories in the source or on the engine’s side, or addresses, that hold packages; separated by commas or lines',
      },
      {
        displayName: 'Index URL',
        name: 'indexUrl',
        type: 'string',
        default: '',
        placeholder: 'https://packages.example.com/simple/',
        description: 'Another index than the one that is configured or in the credential',
      },
      {
        displayName: 'Install Timeout (Seconds)',
        name: 'timeoutSeconds',
        type: 'number',
        default: NO_DEPENDENCIES.timeoutSeconds,
        typeOptions: { minValue: 1 },
        description: 'How long building an environment may take in all',
      },
      {
        displayName: 'Installer',
        name: 'installer',
        type: 'options',
        options: [
          {
            name: 'Automatic',
            value: 'auto',
            description: 'Use uv where the engine’s side has it, otherwise pip',
          },
          { name: 'pip', value: 'pip' },
          { name: 'uv', value: 'uv' },
        ],
        default: 'auto',
        description: 'The program that installs',
      },
      {
        displayName: 'No Index',
        name: 'noIndex',
        type: 'boolean',
        default: false,
        description: 'Whether to take packages from Find Links only, without asking an index',
      },
      {
        displayName: 'Require Hashes',
        name: 'requireHashes',
        type: 'boolean',
        default: false,
        description: 'Whether every requirement has to give the hash of what is installed for it',
      },
      {
        displayName: 'Requirements File',
        name: 'requirements',
        type: 'string',
        default: '',
        placeholder: 'requirements/production.txt',
        description:
          'Path in the source; empty takes the first of requirements.lock, pylock.toml and requirements.txt. Has to be included.',
      },
    ],
  },
];
