import type { IDataObject } from 'n8n-workflow';

import type { ItemContext } from '../n8n/runItems';
import { readChoice, readCount, readFlag, readText } from '../n8n/values';
import {
  type DependencyOptions,
  type IndexCredentials,
  NO_DEPENDENCIES,
} from '../shared/dependencies/options';
import { DeployError } from '../shared/errors';
import { parsePatternList } from '../shared/source/patterns';

const CREDENTIAL = 'hotDeployPackageIndexApi';

/** How the item's release gets its packages. */
export async function readDependencies({ read, node, itemIndex }: ItemContext): Promise<DependencyOptions> {
  const modes = ['virtualEnvironment', 'interpreter', 'none'] as const;
  const mode = readChoice('Dependencies', read('dependencies', 'virtualEnvironment'), modes);
  if (mode === 'none') return NO_DEPENDENCIES;
  const options = (read('dependencyOptions', {}) ?? {}) as IDataObject;
  const index = readChoice('Package Index', read('packageIndex', 'configured'), ['configured', 'credential']);
  const credentials =
    index === 'credential' ? readCredential(await node.getCredentials(CREDENTIAL, itemIndex)) : undefined;
  return {
    mode,
    installer: readChoice('Installer', options.installer ?? 'auto', ['auto', 'pip', 'uv']),
    requirements: readText('Requirements File', options.requirements).trim(),
    constraints: readText('Constraints File', options.constraints).trim(),
    indexUrl: readAddress(
      'Index URL',
      readText('Index URL', options.indexUrl).trim() || credentials?.url || '',
    ),
    extraIndexUrls: readList('Extra Index URLs', options.extraIndexUrls).map((url) =>
      readAddress('Extra Index URLs', url),
    ),
    findLinks: readList('Find Links', options.findLinks),
    noIndex: readFlag('No Index', options.noIndex, false),
    requireHashes: readFlag('Require Hashes', options.requireHashes, false),
    timeoutSeconds: readCount(
      'Install Timeout (Seconds)',
      options.timeoutSeconds,
      NO_DEPENDENCIES.timeoutSeconds,
      1,
    ),
    credentials,
  };
}

function readCredential(credential: IDataObject): IndexCredentials {
  const text = (name: string) => readText(name, credential[name]);
  return {
    url: readAddress('Index URL of the credential', text('indexUrl').trim()),
    username: text('username'),
    password: text('password'),
  };
}

function readList(field: string, value: unknown): string[] {
  return [...parsePatternList(readText(field, value))].map((item) => {
    if (!item.startsWith('-')) return item;
    throw new DeployError(
      'INPUT',
      `${field}: ${JSON.stringify(item)} begins with a hyphen, like an option.`,
      {
        description: 'Give an address, or a path such as ./-wheels.',
      },
    );
  });
}

/** Refuses what is no address of an index, and credentials in it: they would be on a command line. */
function readAddress(field: string, given: string): string {
  if (given === '') return given;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !['https:', 'http:', 'file:'].includes(url.protocol)) {
    throw new DeployError(
      'INPUT',
      `${field} ${JSON.stringify(given)} is not an address that begins with https://.`,
    );
  }
  if (url.username || url.password) {
    throw new DeployError('INPUT', `${field} holds a user name or password, which others could see there.`, {
      description: 'Set Package Index to Private (Credential), and enter them in that credential.',
    });
  }
  return given;
}
