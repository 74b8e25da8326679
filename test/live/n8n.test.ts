/** A whole n8n with the packed package, as people have it. The tests follow each other on one instance. */
import { describeEditor } from './parts/editor';
import { describeExamples } from './parts/examples';
import { describeFailures } from './parts/failures';
import { describePicker } from './parts/picker';
import { describeRestart } from './parts/restart';
import { describeService } from './parts/service';
import { describeUptime } from './parts/uptime';
import { Live } from './support/live';

let live: Live;

beforeAll(async () => {
  live = await Live.open();
  await live.setUp();
  await live.extract();
}, 300_000);

afterAll(async () => {
  await live?.close();
}, 120_000);

test('knows the nodes of the installed package', async () => {
  const types = await live.n8n.rest.send<Array<{ name: string }>>('GET', '/types/nodes.json');
  const names = types.map(({ name }) => name).filter((name) => name.startsWith('n8n-nodes-hot-deploy.'));
  expect([...new Set(names)].sort()).toEqual([
    'n8n-nodes-hot-deploy.hotDeploy',
    // As agents use it; n8n makes it from the node.
    'n8n-nodes-hot-deploy.hotDeployTool',
    'n8n-nodes-hot-deploy.hotDeployTrigger',
    'n8n-nodes-hot-deploy.rollbackExtractionEngine',
    'n8n-nodes-hot-deploy.rollbackExtractionEngineTool',
    'n8n-nodes-hot-deploy.runExtractionEngine',
    'n8n-nodes-hot-deploy.runExtractionEngineTool',
  ]);
});

describe('the shipped workflows', () => describeExamples(() => live));
describe('what does not go live', () => describeFailures(() => live));
describe('the editor', () => {
  describeEditor(() => live);
  describePicker(() => live);
});
describe('all the while', () => describeUptime(() => live));
describe('a service', () => describeService(() => live));
describe('a restart of n8n', () => describeRestart(() => live));
