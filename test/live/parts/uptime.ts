import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { manual } from '../support/workflows';
import type { Live } from '../support/live';
import { ARTEFACTS } from '../support/paths';

/** What went on all the while: extractions through a webhook, in one and the same process of n8n. */
export function describeUptime(live: () => Live): void {
  test('every call was answered by one version, while others came and went', async () => {
    const tally = await live().traffic.stop();
    const versions = [...tally.versions].sort();
    writeFileSync(join(ARTEFACTS, 'traffic.json'), JSON.stringify({ ...tally, versions }, null, 2));
    expect(tally.bad).toEqual([]);
    expect(tally.good).toBe(tally.sent);
    expect(versions).toEqual(expect.arrayContaining(['1', '2', 'nightly', 'pushed', 'staged', 'planned']));
  });

  test('so was every call of the workflow that runs the engine by the node', async () => {
    const tally = await live().nodeTraffic.stop();
    expect(tally.bad).toEqual([]);
    expect(tally.good).toBe(tally.sent);
    expect([...tally.versions]).toEqual(expect.arrayContaining(['1', '2']));
  });

  test('n8n is the same process as before, and the nodes say so', async () => {
    const { n8n, started, processNow } = live();
    expect(processNow.call(live())).toBe(started);
    const { id } = await n8n.rest.createWorkflow({
      ...manual({
        name: 'Status',
        type: 'n8n-nodes-hot-deploy.rollbackExtractionEngine',
        parameters: {
          operation: 'rollback',
          connection: 'local',
          basePath: live().app,
          simplify: false,
          options: {},
        },
      }),
      name: 'Back once more',
    });
    const { n8n: field } = (await n8n.rest.run(id, 'Start')).only('Status');
    expect(field).toMatchObject({ processId: n8n.server.pid, restarted: false });
    const apart = Date.parse((field as { startedAt: string }).startedAt) - n8n.server.startedAt();
    expect(Math.abs(apart)).toBeLessThan(3_000);
  });
}
