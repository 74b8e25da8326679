/** What an execution leaves to be ended when its answer is there: nobody waits for it, and nothing of it is lost. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Conversations } from '../../nodes/n8n/conversations';
import { Executors } from '../../nodes/n8n/executors';
import { keptConnections } from '../../nodes/n8n/keeping';
import { Leaving, leaving } from '../../nodes/n8n/leaving';
import type { EngineLocation } from '../../nodes/n8n/locationFields';
import { changedPython } from '../support/changedPython';
import { PYTHON } from '../support/deployment';
import { asBasePath } from '../support/named';
import { jsonOf, nodeRuns } from '../support/nodeRuns';

jest.setTimeout(120_000);
const runs = nodeRuns();
let directory: string;
let basePath: string;

beforeAll(async () => {
  directory = await runs.make();
  basePath = await runs.engine('one');
});

const noCredential = async () => ({});

function locationOf(python: string): EngineLocation {
  const interpreter = { python, runtime: 'host' } as const;
  return {
    ...{ connection: 'local', hostOverride: '', basePath: asBasePath(basePath), interpreter },
    startTimeoutMs: 20_000,
  };
}

/** An interpreter whose executor has said its last, and goes only once a file is there. */
async function lingering(): Promise<{ python: string; letGo: () => void }> {
  const file = join(directory, 'go');
  const python = await changedPython(
    directory,
    'lingering',
    `import atexit, time
def linger():
    while not os.path.exists(${JSON.stringify(file)}):
        time.sleep(0.01)
if os.getppid() != 1:
    atexit.register(linger)`,
  );
  return { python, letGo: () => writeFileSync(file, '') };
}

describe('a run over SSH whose executor does not leave yet', () => {
  test('has its answer, and the connection is kept for the next one when it has left', async () => {
    const { python, letGo } = await lingering();
    const before = runs.relay.connections;
    const [first] = jsonOf(await runs.run('ssh', [['say']], { basePath, options: { python } }));
    expect([first.status, leaving.size]).toEqual(['succeeded', 1]);
    // Another one may have its connection at once.
    const [second] = jsonOf(await runs.run('ssh', [['say']], { basePath, options: { python: PYTHON } }));
    expect(second.status).toBe('succeeded');
    letGo();
    await leaving.left();
    expect([leaving.size, keptConnections.size, runs.relay.connections - before]).toEqual([0, 1, 1]);
  });
});

test('P4: whoever starts on that host waits for those that are leaving it: what they hold is free by then', async () => {
  const order: string[] = [];
  let leave = () => undefined as void;
  const left = new Promise<void>((resolve) => (leave = resolve)).then(() => void order.push('left'));
  leaving.add(['this machine'], left, () => undefined);
  const executors = new Executors();
  const opening = executors.open(locationOf(PYTHON), noCredential).then(async (client) => {
    order.push('opened');
    await client.close();
  });
  // A run needs not wait.
  const run = await executors.begin(locationOf(PYTHON), noCredential);
  await run.call('closeRun', { run: '0'.repeat(16) });
  await run.close();
  expect(order).toEqual([]);
  leave();
  await opening;
  expect(order).toEqual(['left', 'opened']);
  await executors.close();
});

test('P5: an executor that ends without a word after the last run is told of', async () => {
  const python = await changedPython(
    directory,
    'silent',
    `write = os.write
def silenced(fd, data):
    if b'"event":"ended"' in bytes(data):
        os._exit(3)
    return write(fd, data)
os.write = silenced`,
  );
  const executors = new Executors();
  const conversations = new Conversations(executors);
  const client = await conversations.open(locationOf(python), noCredential);
  await client.call('closeRun', { run: '0'.repeat(16) });
  const told: unknown[] = [];
  const all = new Leaving();
  all.add(await conversations.hosts(), conversations.close(), (reason) => told.push(reason));
  await all.left();
  expect(told).toMatchObject([
    {
      code: 'LOST',
      message: expect.stringMatching(/^After the last run, the executor on this machine ended/),
    },
  ]);
  expect(all.size).toBe(0);
  await executors.close();
});
