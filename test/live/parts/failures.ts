import type { IDataObject, INodeCredentials, INodeCredentialsDetails } from 'n8n-workflow';

import type { Execution } from '../support/execution';
import { STRANGE_KEY, type Live } from '../support/live';
import { manual } from '../support/workflows';

const HOT_DEPLOY = 'n8n-nodes-hot-deploy.hotDeploy';
const ROLLBACK = 'n8n-nodes-hot-deploy.rollbackExtractionEngine';

/** The check of the shipped workflows. */
const SIX_BLOCKS = [
  'from extractor import EvidenceExtractor',
  "engine = EvidenceExtractor('config/default_config.json')",
  "assert len(engine.blocks) == 6, f'{len(engine.blocks)} blocks instead of six'",
].join('\n');

/** What people see of a deployment that doesn't go live. What was live stays so. */
export function describeFailures(live: () => Live): void {
  test('a host with another key than the pinned one is not talked to', async () => {
    const strange = await live().strangeCredential();
    const before = await liveRelease(live());
    const { run } = await deploy(live(), 'v4', { hotDeploySshApi: strange });
    expect(run.status).toBe('error');
    expect(run.failure?.message).toContain(`${STRANGE_KEY} is pinned in "Host Key Fingerprint"`);
    expect(await liveRelease(live())).toBe(before);
    expect(await tested(live(), strange)).toEqual({
      status: 'Error',
      message: expect.stringContaining('"Host Key Fingerprint"'),
    });
  });

  test('the right credential says who and what it found', async () => {
    const { hotDeploySshApi } = live().credentials[HOT_DEPLOY];
    expect(await tested(live(), hotDeploySshApi)).toEqual({
      status: 'OK',
      message: expect.stringMatching(/^Logged in to .* Python 3\./),
    });
  });

  test('a check that does not pass speaks first, and says what is live', async () => {
    const before = await liveRelease(live());
    const { run } = await deploy(live(), 'fails-check', live().credentials[HOT_DEPLOY]);
    expect(run.status).toBe('error');
    expect(run.failure?.message).toMatch(/^Check “Six blocks”/);
    expect(run.failure?.message).toContain(before);
    expect(await liveRelease(live())).toBe(before);
  });

  test('the nightly workflow announces no deployment that did not happen', async () => {
    await live().place.commitVersion('bad-night', 'fails-check');
    const { id } = await live().import('nightly-self-update');
    const run = await live().n8n.rest.run(id, 'Every night');
    await live().place.commitVersion('good-again');
    announcesNothing(run);
  });
}

/** What the nightly workflow does about a version whose check does not pass. */
export function announcesNothing(run: Execution): void {
  expect(run.status).toBe('success');
  expect(run.nodes).not.toContain('Say what went live');
  expect(run.items('Deploy what is on main')).toEqual([]);
  expect(run.only('Deploy what is on main', 2)).toMatchObject({
    status: 'failed',
    details: { code: 'CHECK' },
  });
  const { message } = run.only('Say why it did not go live');
  expect(message).toMatch(/^The nightly update changed nothing that is live: Check “Six blocks”/);
}

/** n8n's test of a stored credential. */
async function tested({ n8n: { rest } }: Live, reference: INodeCredentialsDetails): Promise<unknown> {
  const path = `/rest/credentials/${reference.id}?includeData=true`;
  const { data } = await rest.send<{ data: object }>('GET', path);
  const credentials = { ...reference, type: 'hotDeploySshApi', data };
  return rest.send('POST', '/rest/credentials/test', { credentials });
}

/** Deploys a version from n8n's own machine over SSH, as a person does by hand; gives the workflow's id, too. */
export async function deploy(
  live: Live,
  version: string,
  credentials: INodeCredentials,
  options: IDataObject = {},
): Promise<{ workflow: string; run: Execution }> {
  const { rest } = live.n8n;
  const check = {
    ...{ type: 'python', name: 'Six blocks', code: SIX_BLOCKS, when: 'before', timeoutSeconds: 30 },
    environment: 'ANTHROPIC_API_KEY=test-key',
  };
  const parameters = {
    ...{ operation: 'deploy', connection: 'ssh', basePath: live.app, dependencies: 'none', simplify: false },
    ...{ source: 'directory', sourceDirectory: await live.place.writeVersion(version) },
    checks: { check: [check] },
    options: { lockWaitSeconds: 60, ...options },
  };
  const nodes = manual({ name: 'Hot Deploy', type: HOT_DEPLOY, credentials, parameters });
  const { id } = await rest.createWorkflow({ ...nodes, name: `Deploy ${version}` });
  return { workflow: id, run: await rest.run(id, 'Start') };
}

/** The release that is live, as the node Get Many Releases lists it. */
export async function liveRelease(live: Live): Promise<string> {
  const { rest } = live.n8n;
  const workflow = manual({
    name: 'List',
    type: ROLLBACK,
    credentials: live.credentials[ROLLBACK],
    parameters: { operation: 'getAll', connection: 'ssh', basePath: live.app, options: {} },
  });
  const { id } = await rest.createWorkflow({ ...workflow, name: 'What is live?' });
  const found = (await rest.run(id, 'Start')).items('List').find(({ state }) => state === 'live');
  return String(found?.release);
}
