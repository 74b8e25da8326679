/** What failed leaves by the error output, in every n8n, and nothing that came in is taken for its outcome. */
import { join } from 'node:path';

import type { IDataObject, INode, INodeExecutionData } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, line, type N8n, type RunResult } from '../support/n8n';
import { checks, hotDeploy, items, openN8n, rollback } from '../support/nodes';

const make = temporaryDirectories();
let n8n: N8n;
let parent: string;
let v2: string;

beforeAll(async () => {
  n8n = await openN8n();
  [v2] = await engineVersions(make, 'v2');
  parent = await make('fleet');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = parent;
});

afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  await n8n.close();
});

let engines = 0;

/** The base path of a new engine whose name begins with `word`. */
function engine(word: string): string {
  engines += 1;
  return join(parent, `${word}-${engines}`);
}

/** Does not pass in an engine whose name begins with `bad`. */
const NOT_BAD = checks({
  type: 'command',
  name: 'not bad',
  command: `python -c "import os; raise SystemExit('/bad-' in os.getcwd())"`,
});
const ERROR_OUTPUT = { onError: 'continueErrorOutput' } as const;

/** Deploys to the engine that an item names as `path`, unless the parameters say otherwise. */
function deployTo(parameters: IDataObject = {}, rest: Partial<INode> = {}) {
  const usual = { connection: 'local', basePath: '={{ $json.path }}', sourceDirectory: v2, checks: NOT_BAD };
  return hotDeploy({ ...usual, ...parameters }, { credentials: undefined, ...ERROR_OUTPUT, ...rest });
}

function pathItems(...paths: string[]) {
  return items(...paths.map((path) => ({ json: { path } })));
}

/** For each of a node's outputs, the `status` and the `path` of what came out there. */
function outputs(result: RunResult, count: number): unknown[][] {
  const told = ({ json: { status, path, basePath } }: INodeExecutionData) => [status, path ?? basePath];
  return Array.from({ length: count }, (_, index) => result.output('Hot Deploy', index).map(told));
}

test('a failed item leaves by the error output, whatever else it says and whichever others fail', async () => {
  const [bad, good, worse, same] = ['bad', 'good', 'bad', 'good'].map(engine);
  await n8n.run(chain(pathItems(same), deployTo()));
  const paths = pathItems(bad, good, worse, same);
  const result = await n8n.run(chain(paths, deployTo({ notDeployedOutput: true })));
  expect(outputs(result, 3)).toEqual([
    [['deployed', good]],
    [['unchanged', same]],
    [
      ['failed', bad],
      ['failed', worse],
    ],
  ]);
  for (const { json, error } of result.output('Hot Deploy', 2)) {
    expect(Object.keys(json)).toEqual(['path', 'status', 'error', 'message', 'details']);
    expect(json.details).toMatchObject({ code: 'CHECK', checks: expect.anything() });
    expect(error).toBeUndefined();
  }
});

test('a failed item with a report leaves by the error output, also where n8n puts files into the JSON', async () => {
  const [bad, good] = [engine('bad'), engine('good')];
  const workflow = chain(pathItems(bad, good), deployTo({ options: { report: true } }));
  for (const binaryMode of ['separate', 'combined'] as const) {
    workflow.settings = { ...workflow.settings, binaryMode };
    const result = await n8n.run(workflow);
    expect(outputs(result, 2)).toEqual([
      [[expect.stringMatching(/^(deployed|unchanged)$/), good]],
      [['failed', bad]],
    ]);
    expect(JSON.stringify(result.output('Hot Deploy', 1))).toContain('text/html');
  }
});

test('a failed item of a node that nothing leads to leaves by the error output', async () => {
  const node = deployTo({ basePath: engine('bad') });
  const result = await n8n.run(line(node), { startNode: node.name });
  expect(result.output('Hot Deploy')).toEqual([]);
  expect(result.output('Hot Deploy', 1)).toMatchObject([
    { json: { error: expect.stringMatching(/“not bad”/) } },
  ]);
});

test('with Retry On Fail, what failed at last leaves by the error output', async () => {
  const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
  const [bad, good] = [engine('bad'), engine('good')];
  const result = await n8n.run(chain(pathItems(bad, good), deployTo({}, retry)));
  // n8n runs the whole node again when the first item failed.
  expect(outputs(result, 2)).toEqual([[['unchanged', good]], [['failed', bad]]]);
});

test('a failed item says so itself, and nothing that an earlier node deployed is taken for its own', async () => {
  const [good, bad] = [engine('good'), engine('bad')];
  const first = { ...deployTo({ basePath: good }), name: 'First' };
  const result = await n8n.run(chain(first, deployTo({ basePath: bad })));
  const [before] = result.output('First');
  const [{ json }] = result.output('Hot Deploy', 1);
  const details = json.details as IDataObject;
  expect(before.json.status).toBe('deployed');
  expect(json).toMatchObject({
    status: 'failed',
    basePath: bad,
    release: null,
    previousRelease: null,
    backup: null,
    checks: details.checks,
    changes: details.changes,
    swap: null,
    n8n: null,
  });
  // Nothing is left of what came in, but what both are the same in.
  const left = Object.keys(before.json).filter(
    (name) => json[name] === before.json[name] && json[name] !== null,
  );
  expect(left).toEqual(['host']);
});

test.each([
  ['failing', { checks: checks({ type: 'command', name: 'never', command: 'false' }) }],
  ['where it can’t even begin', { basePath: 'nowhere' }],
])('a rollback %s behind a deployment does not look deployed', async (_title, parameters) => {
  const good = engine('good');
  await n8n.run(chain(pathItems(good), deployTo()));
  const other = { options: { deployUnchanged: true } };
  const back = rollback(
    { connection: 'local', basePath: good, ...parameters },
    { credentials: undefined, ...ERROR_OUTPUT },
  );
  const result = await n8n.run(chain(pathItems(good), deployTo(other), back));
  const [{ json }] = result.output('Rollback', 1);
  expect(result.output('Rollback')).toEqual([]);
  expect(json).toMatchObject({ status: 'failed', release: null, error: expect.any(String) });
});

test('what others put into an item stays in it when it fails', async () => {
  const bad = engine('bad');
  const json = { path: bad, release: 'theirs', status: 'open', checks: 3 };
  const result = await n8n.run(chain(items({ json }), deployTo()));
  expect(result.output('Hot Deploy', 1)[0].json).toMatchObject({ ...json, status: 'failed' });
});

test('where the node goes on by its regular output, a failed item says so, too', async () => {
  const [bad, good] = [engine('bad'), engine('good')];
  const node = deployTo({}, { onError: 'continueRegularOutput' });
  const result = await n8n.run(chain(pathItems(bad, good), node));
  expect(result.output('Hot Deploy').map(({ json }) => json.status)).toEqual(['failed', 'deployed']);
  expect(Object.keys(result.output('Hot Deploy')[0].json)).toEqual(['status', 'error', 'message', 'details']);
});
