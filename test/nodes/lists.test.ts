import { NodeOperationError } from 'n8n-workflow';

import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { ACCOUNT, credentialFor, hotDeploy, onlyJson, openN8n, ROLLBACK } from '../support/nodes';
import { keptNames } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let basePath: string;
let releases: string[];

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd));
  basePath = await make('app');
  releases = [];
  for (const sourceDirectory of await engineVersions(make, 'base', 'v2')) {
    const json = onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory }))));
    releases.unshift(json.release as string);
  }
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

const lookUp = (method: string, filter?: string, changes = {}) =>
  n8n.listSearch(ROLLBACK, method, {
    parameters: { basePath, connection: 'ssh', options: { python: PYTHON }, ...changes },
    credentials: ACCOUNT,
    filter,
  });

const MINUTE = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;

test('releases are listed newest first, with their state and origin', async () => {
  const { results } = await lookUp('searchReleases');
  expect(results.map(({ value }) => value)).toEqual(releases);
  expect(results[0].name).toMatch(new RegExp(`^${releases[0]} · live · ….{0,22}/hot-deploy-v2-[^/]+$`));
  expect(results[1].name).toMatch(new RegExp(`^${releases[1]} · previous · `));
});

test('backups are listed with their time and size', async () => {
  const { results } = await lookUp('searchBackups');
  const [backup] = keptNames(basePath).backups;
  expect(results).toEqual([
    { name: expect.stringMatching(new RegExp(`^${backup} · ${MINUTE} · \\d+ KiB$`)), value: backup },
  ]);
});

test('the filter is looked for in the whole label, in upper or lower case', async () => {
  expect((await lookUp('searchReleases', 'PREVIOUS')).results.map(({ value }) => value)).toEqual([
    releases[1],
  ]);
  expect((await lookUp('searchBackups', 'nothing like it')).results).toEqual([]);
});

test('a base path written as an expression is understood', async () => {
  const { results } = await lookUp('searchReleases', '', { basePath: `={{ "${basePath}" }}` });
  expect(results).toHaveLength(2);
});

test('an engine that was never deployed to has nothing to list', async () => {
  expect((await lookUp('searchReleases', '', { basePath: await make('app') })).results).toEqual([]);
});

test('a host that is not reached says so in one sentence', async () => {
  const unreachable = await openN8n(credentialFor(sshd, { port: 1 }));
  const looking = unreachable.listSearch(ROLLBACK, 'searchReleases', {
    parameters: { basePath, connection: 'ssh' },
    credentials: ACCOUNT,
  });
  const thrown = await looking.then(
    () => undefined,
    (error: unknown) => error,
  );
  await unreachable.close();
  expect(thrown).toBeInstanceOf(NodeOperationError);
  expect((thrown as Error).message).toBe(
    'Nothing accepts connections at 127.0.0.1:1; check "Host" and "Port" and that sshd runs there.',
  );
});

test('a local engine that is not allowed says how to allow it', async () => {
  await expect(lookUp('searchReleases', '', { connection: 'local' })).rejects.toThrow(
    /N8N_HOT_DEPLOY_LOCAL_PATHS=/,
  );
});
