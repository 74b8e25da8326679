import type { IDataObject } from 'n8n-workflow';

import { choice, display } from '../../n8n/field';
import type { ItemContext } from '../../n8n/item';
import { readText } from '../../n8n/values';
import {
  type DependencyOptions,
  type IndexCredentials,
  NO_DEPENDENCIES,
} from '../../shared/dependencies/installOptions';
import { dependencyOptions } from './dependencyOptions';
import { checkAddress } from './packageAddress';

const CREDENTIAL = 'hotDeployPackageIndexApi';

const dependencies = choice(['virtualEnvironment', 'interpreter', 'none'], {
  displayName: 'Dependencies',
  name: 'dependencies',
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
  description: 'How the packages that requirements.txt or a lock file names are installed',
});

const interpreterNotice = display({
  displayName:
    'Not atomic: extractions that run meanwhile see the packages of the interpreter change, before the checks, and rolling back does not take them back.',
  name: 'interpreterNotice',
  type: 'notice',
  default: '',
  displayOptions: { show: { dependencies: ['interpreter'] } },
});

const packageIndex = choice(['configured', 'credential'], {
  displayName: 'Package Index',
  name: 'packageIndex',
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
  displayOptions: { show: { dependencies: ['virtualEnvironment', 'interpreter'] } },
});

/** How the packages that the engine needs are installed. */
export const dependencyFields = [dependencies, interpreterNotice, packageIndex, dependencyOptions];

/** How the item's release gets its packages. */
export async function readDependencies({ read, node, itemIndex }: ItemContext): Promise<DependencyOptions> {
  const mode = dependencies.read(read);
  if (mode === 'none') return NO_DEPENDENCIES;
  const index = packageIndex.read(read);
  const credentials =
    index === 'credential' ? readCredential(await node.getCredentials(CREDENTIAL, itemIndex)) : undefined;
  const options = dependencyOptions.read(read);
  return { mode, ...options, indexUrl: options.indexUrl || credentials?.url || '', credentials };
}

function readCredential(credential: IDataObject): IndexCredentials {
  const text = (name: string) => readText(name, credential[name]);
  return {
    url: checkAddress('Index URL of the credential', text('indexUrl').trim()),
    username: text('username'),
    password: text('password'),
  };
}
