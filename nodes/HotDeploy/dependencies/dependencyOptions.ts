import { choice, collection, count, field, flag, trimmed } from '../../n8n/field';
import { readText } from '../../n8n/values';
import { NO_DEPENDENCIES } from '../../shared/dependencies/installOptions';
import { checkAddress, readPackagePlaces } from './packageAddress';

const constraints = trimmed({
  displayName: 'Constraints File',
  name: 'constraints',
  default: '',
  placeholder: 'constraints.txt',
  description: 'Path in the source of a file that limits versions; has to be included',
});

const extraIndexUrls = field(
  {
    displayName: 'Extra Index URLs',
    name: 'extraIndexUrls',
    type: 'string',
    default: '',
    description: 'Further indexes, separated by commas or lines',
  },
  (value, called) => readPackagePlaces(called, value).map((url) => checkAddress(called, url)),
);

const findLinks = field(
  {
    displayName: 'Find Links',
    name: 'findLinks',
    type: 'string',
    default: '',
    placeholder: 'wheels',
    description:
      'Directories in the source or on the engine’s side, or addresses, that hold packages; separated by commas or lines',
  },
  (value, called) => readPackagePlaces(called, value),
);

const indexUrl = field(
  {
    displayName: 'Index URL',
    name: 'indexUrl',
    type: 'string',
    default: '',
    placeholder: 'https://packages.example.com/simple/',
    description: 'Another index than the one that is configured or in the credential',
  },
  (value, called) => checkAddress(called, readText(called, value).trim()),
);

const timeoutSeconds = count({
  displayName: 'Install Timeout (Seconds)',
  name: 'timeoutSeconds',
  default: NO_DEPENDENCIES.timeoutSeconds,
  typeOptions: { minValue: 1 },
  description: 'How long building an environment may take in all',
});

const installer = choice(['auto', 'pip', 'uv'], {
  displayName: 'Installer',
  name: 'installer',
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
});

const noIndex = flag({
  displayName: 'No Index',
  name: 'noIndex',
  default: false,
  description: 'Whether to take packages from Find Links only, without asking an index',
});

const requireHashes = flag({
  displayName: 'Require Hashes',
  name: 'requireHashes',
  default: false,
  description: 'Whether every requirement has to give the hash of what is installed for it',
});

const requirements = trimmed({
  displayName: 'Requirements File',
  name: 'requirements',
  default: '',
  placeholder: 'requirements/production.txt',
  description:
    'Path in the source; empty takes the first of requirements.lock, pylock.toml and requirements.txt. Has to be included.',
});

/** How packages are installed, beyond what most people have to say. */
export const dependencyOptions = collection(
  {
    displayName: 'Dependency Options',
    name: 'dependencyOptions',
    placeholder: 'Add Option',
    displayOptions: { show: { dependencies: ['virtualEnvironment', 'interpreter'] } },
  },
  {
    constraints,
    extraIndexUrls,
    findLinks,
    indexUrl,
    timeoutSeconds,
    installer,
    noIndex,
    requireHashes,
    requirements,
  },
);
