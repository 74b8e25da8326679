/** A whole n8n with the packed package, as people have it. The tests follow each other on one instance. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { EXAMPLE_NAMES, readExample, setUpNodes } from './support/examples';
import { startN8n, type N8n } from './support/n8n';
import { installPackage, packPackage } from './support/package';
import { ARTEFACTS } from './support/paths';
import { openPlace, type Place } from './support/place';

let place: Place;
let n8n: N8n;
let app: string;

beforeAll(async () => {
  rmSync(ARTEFACTS, { recursive: true, force: true });
  mkdirSync(ARTEFACTS, { recursive: true });
  place = await openPlace();
  app = await place.makeEngine('app', 'base');
  const userFolder = join(place.directory, 'n8n');
  await installPackage(await packPackage(place.directory), userFolder);
  n8n = await startN8n({
    userFolder,
    environment: {
      N8N_HOT_DEPLOY_LOCAL_PATHS: app,
      N8N_HOT_DEPLOY_GIT_CACHE: join(place.directory, 'git-cache'),
      N8N_RESTRICT_FILE_ACCESS_TO: join(place.directory, 'versions'),
    },
  });
  await n8n.rest.setUpOwner();
}, 300_000);

afterAll(async () => {
  await n8n?.server.stop();
  await place?.close();
}, 120_000);

test('knows the nodes of the installed package', async () => {
  const types = await n8n.rest.send<Array<{ name: string }>>('GET', '/types/nodes.json');
  const names = types.map(({ name }) => name).filter((name) => name.startsWith('n8n-nodes-hot-deploy.'));
  expect([...new Set(names)].sort()).toEqual([
    'n8n-nodes-hot-deploy.hotDeploy',
    'n8n-nodes-hot-deploy.hotDeployTrigger',
    'n8n-nodes-hot-deploy.rollbackExtractionEngine',
  ]);
});

describe('examples', () => {
  test.each(EXAMPLE_NAMES)('%s is imported as it is', async (name) => {
    const example = readExample(name);
    const { id } = await n8n.rest.createWorkflow(example);
    const { nodes, connections } = await n8n.rest.workflow(id);
    expect({ nodes, connections }).toEqual({ nodes: example.nodes, connections: example.connections });
  });

  test('release-and-roll-back runs from its manual trigger', async () => {
    for (const version of ['v2', 'broken-import', 'fails-check', 'v4']) await place.writeVersion(version);
    const { id, nodes } = await n8n.rest.createWorkflow(readExample('release-and-roll-back'));
    const replace = { '/app': app, '/files/engine': join(place.directory, 'versions') };
    await n8n.rest.saveNodes(id, setUpNodes(nodes, { credentials: {}, replace }));
    const run = await n8n.rest.run(id, 'Start');
    expect(run.only('Roll back')).toMatchObject({
      status: 'rolledBack',
      release: run.only('Deploy version 2').release,
    });
    expect(run.status).toBe('success');
  });
});
