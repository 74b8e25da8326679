import { startN8n } from '../support/n8n';
import type { Live } from '../support/live';
import { deploy, liveRelease } from './failures';

/** What is left when n8n itself is restarted: everything. */
export function describeRestart(live: () => Live): void {
  test('keeps credentials, workflows and published webhooks, and deploys again', async () => {
    const { n8n, options, started, credentials } = live();
    const before = await liveRelease(live());
    const stored = await everything(live());
    await n8n.server.stop();
    live().n8n = await startN8n({ ...options, port: n8n.port });
    expect(live().processNow()).not.toBe(started);
    await live().n8n.rest.signIn();
    expect(await everything(live())).toEqual(stored);
    expect(await liveRelease(live())).toBe(before);

    live().startTraffic();
    const { run } = await deploy(live(), 'v4', credentials['n8n-nodes-hot-deploy.hotDeploy']);
    expect(run.failure).toBeUndefined();
    expect(run.only('Hot Deploy')).toMatchObject({
      status: 'deployed',
      previousRelease: before,
      n8n: { processId: live().n8n.server.pid, restarted: false },
    });
    const { bad, good } = await live().traffic.stop();
    expect(bad).toEqual([]);
    expect(good).toBeGreaterThan(0);
  });
}

/** All workflows with their nodes, and the names of all credentials; not those that this test makes itself. */
async function everything({ n8n: { rest } }: Live): Promise<unknown> {
  const all = await rest.send<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
  const lasting = all.filter(({ name }) => name !== 'What is live?').map(({ id }) => id);
  const workflows = await Promise.all(lasting.sort().map(async (id) => rest.workflow(id)));
  const credentials = await rest.send<Array<{ id: string; name: string; type: string }>>(
    'GET',
    '/rest/credentials',
  );
  return {
    workflows: workflows.map(({ id, name, active, nodes }) => ({ id, name, active, nodes })),
    credentials: credentials.map(({ id, name, type }) => `${id} ${name} ${type}`).sort(),
  };
}
