import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { HotDeployPackageIndexApi } from '../../credentials/HotDeployPackageIndexApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { properties } from '../../nodes/HotDeploy/description';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { hotDeploy, onlyJson, openN8n } from '../support/nodes';
import { type PackageIndex, startPackageIndex } from '../support/packageIndex';
import { withoutInstallerSettings, writeKeywords } from '../support/wheels';

jest.setTimeout(60_000);
withoutInstallerSettings();
const make = temporaryDirectories();
const INDEX = 'hotDeployPackageIndexApi';
const PASSWORD = 'index-pa55word-of-this-test';
let n8n: N8n;
let source: string;
let wheelhouse: string;
let index: PackageIndex;

beforeAll(async () => {
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
  index = await startPackageIndex(wheelhouse, { username: 'n8n', password: PASSWORD });
  [source] = await engineVersions(make, 'base');
  n8n = await openN8n(
    {},
    {
      credentialTypes: [new HotDeploySshApi(), new HotDeployPackageIndexApi()],
      credentials: { [INDEX]: { indexUrl: index.url, username: 'n8n', password: PASSWORD } },
    },
  );
});
afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  await n8n.close();
  await index.close();
});

async function deployed(parameters: IDataObject, base?: string) {
  const basePath = base ?? (await make('app'));
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = basePath;
  const node = hotDeploy({ connection: 'local', basePath, sourceDirectory: source, ...parameters });
  return n8n.run(chain({ ...node, credentials: { [INDEX]: { id: '2', name: 'Packages' } } }));
}

test('a virtual environment is what a new node brings, and its packages are in output and hints', async () => {
  const basePath = await make('app');
  const offline = { noIndex: true, findLinks: wheelhouse };
  await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
  const first = await deployed({ dependencyOptions: offline }, basePath);
  expect(onlyJson(first).dependencies).toMatchObject({
    status: 'built',
    environment: expect.stringMatching(/^[0-9a-f]{16}$/),
    packages: { added: [{ name: 'keywords', version: '1' }] },
    output: expect.stringContaining('keywords'),
  });
  await writeFile(join(source, 'requirements.txt'), 'keywords==2\n');
  const planned = onlyJson(await deployed({ operation: 'plan', dependencyOptions: offline }, basePath));
  expect(planned.dependencies).toMatchObject({
    status: 'build',
    requirements: { added: ['keywords==2'], removed: ['keywords==1'] },
  });
  const second = await deployed({ dependencyOptions: offline }, basePath);
  expect(second.hints('Hot Deploy').map(({ message }) => message)).toContain('Packages: keywords 1 → 2.');
  const status = onlyJson(await deployed({ operation: 'status' }, basePath));
  expect(status.environment).toMatchObject({ ailment: null, packages: [{ name: 'keywords', version: '2' }] });
});

test('P7: a private index gets the credential, and nothing of it is in the output', async () => {
  await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
  const json = onlyJson(await deployed({ packageIndex: 'credential' }));
  expect(json.dependencies).toMatchObject({ status: 'built' });
  expect(index.requests.some(({ authorized }) => authorized)).toBe(true);
  expect(JSON.stringify(json)).not.toContain(PASSWORD);
});

test.each([
  [
    { dependencies: 'poetry' },
    /^Dependencies is "poetry"\. Choose one of: virtualEnvironment, interpreter, none\.$/,
  ],
  [{ dependencyOptions: { installer: 'conda' } }, /^Installer is "conda"\. Choose one of: auto, pip, uv\.$/],
  [{ dependencyOptions: { indexUrl: 'packages' } }, /^Index URL "packages" is not an address/],
  [
    { dependencyOptions: { indexUrl: 'https://me:pw@x.example.com/' } },
    /^Index URL holds a user name or password/,
  ],
  [{ dependencyOptions: { findLinks: '--index-url' } }, /^Find Links: "--index-url" begins with a hyphen/],
  [
    { dependencyOptions: { timeoutSeconds: 0 } },
    /^Install Timeout \(Seconds\) is 0\. Give a number that is 1 or more/,
  ],
  [
    { dependencyOptions: { requirements: 'nowhere.txt' } },
    /^Requirements File “nowhere\.txt” is not among the files/,
  ],
])('%j is refused by a sentence that names the field', async (parameters, message) => {
  const error = (await deployed(parameters as IDataObject)).error('Hot Deploy');
  expect(error?.message).toMatch(message);
});

test('the editor says that installing into the interpreter is neither atomic nor taken back', () => {
  const notice = properties.find(({ name }) => name === 'interpreterNotice');
  expect(notice).toMatchObject({
    type: 'notice',
    displayOptions: { show: { '/dependencies': ['interpreter'] } },
  });
  expect(notice?.displayName).toMatch(/Not atomic.*does not take them back/);
});
