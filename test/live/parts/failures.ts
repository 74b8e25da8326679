import type { INodeCredentials } from 'n8n-workflow';

import { CLASSIC_CHECK, ENGINE_ENVIRONMENT } from '../../support/engine';
import type { Execution } from '../support/execution';
import type { Live } from '../support/live';
import { manual } from '../support/workflows';

const HOT_DEPLOY = 'n8n-nodes-hot-deploy.hotDeploy';
const ROLLBACK = 'n8n-nodes-hot-deploy.rollbackExtractionEngine';

/** Nobody's host key. */
const STRANGE_KEY = `SHA256:${'A'.repeat(43)}`;

/** What people see of a deployment that doesn't go live. What was live stays so. */
export function describeFailures(live: () => Live): void {
  test('a host with another key than the pinned one is not talked to', async () => {
    const { n8n, place } = live();
    const { host, port, username, clientKeys } = place.sshd;
    const data = {
      ...{ host, port, username, authentication: 'privateKey' },
      ...{ privateKey: clientKeys.ed25519, hostKeyFingerprint: STRANGE_KEY },
    };
    const type = 'hotDeploySshApi';
    const strange = await n8n.rest.createCredential('Host with another key', type, data);
    const before = await liveRelease(live());
    const run = await deploy(live(), 'v4', { [type]: strange });
    expect(run.status).toBe('error');
    expect(run.failure?.message).toContain(`${STRANGE_KEY} is pinned in "Host Key Fingerprint"`);
    expect(await liveRelease(live())).toBe(before);
    const tested = await n8n.rest.send('POST', '/rest/credentials/test', {
      credentials: { ...strange, type, data },
    });
    expect(tested).toEqual({ status: 'Error', message: expect.stringContaining('"Host Key Fingerprint"') });
  });

  test('the right credential says who and what it found', async () => {
    const { hotDeploySshApi } = live().credentials[HOT_DEPLOY];
    const type = 'hotDeploySshApi';
    const path = `/rest/credentials/${hotDeploySshApi.id}?includeData=true`;
    const { data } = await live().n8n.rest.send<{ data: object }>('GET', path);
    const credentials = { ...hotDeploySshApi, type, data };
    const tested = await live().n8n.rest.send('POST', '/rest/credentials/test', { credentials });
    expect(tested).toEqual({ status: 'OK', message: expect.stringMatching(/^Logged in to .* Python 3\./) });
  });

  test('a check that does not pass speaks first, and says what is live', async () => {
    const before = await liveRelease(live());
    const run = await deploy(live(), 'fails-check', live().credentials[HOT_DEPLOY]);
    expect(run.status).toBe('error');
    expect(run.failure?.message).toMatch(/^Check “Six blocks”/);
    expect(run.failure?.message).toContain(before);
    expect(await liveRelease(live())).toBe(before);
  });
}

/** Deploys a version from n8n's own machine over SSH, as a person does by hand. */
export async function deploy(live: Live, version: string, credentials: INodeCredentials): Promise<Execution> {
  const { rest } = live.n8n;
  const check = {
    ...{ type: 'python', name: 'Six blocks', code: CLASSIC_CHECK, when: 'before', timeoutSeconds: 30 },
    environment: `ANTHROPIC_API_KEY=${ENGINE_ENVIRONMENT.ANTHROPIC_API_KEY}`,
  };
  const parameters = {
    ...{ operation: 'deploy', connection: 'ssh', basePath: live.app, dependencies: 'none' },
    ...{ source: 'directory', sourceDirectory: await live.place.writeVersion(version) },
    checks: { check: [check] },
    options: { lockWaitSeconds: 60 },
  };
  const workflow = manual({ name: 'Hot Deploy', type: HOT_DEPLOY, credentials, parameters });
  const { id } = await rest.createWorkflow({ ...workflow, name: `Deploy ${version}` });
  return rest.run(id, 'Start');
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
