/** Every shipped workflow runs in n8n's own engine, from its file, against real engines and a real repository. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IBinaryKeyData, IDataObject, INode, INodeExecutionData } from 'n8n-workflow';

import { HotDeployEngineSecretsApi } from '../../credentials/HotDeployEngineSecretsApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { HotDeployTrigger } from '../../nodes/HotDeployTrigger/HotDeployTrigger.node';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';
import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { makePdf, materialiseEngine } from '../support/engine';
import { createN8n, type ExportedWorkflow, type RunResult } from '../support/n8n';
import { exampleNodes, FormPages } from '../support/n8n/exampleNodes';
import { ACCOUNT, credentialFor, HOT_DEPLOY, ROLLBACK, RUN, TRIGGER } from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';

const SECRETS = { hotDeployEngineSecretsApi: { id: '3', name: 'Engine secrets' } };
const EXAMPLES = join(__dirname, '..', '..', 'examples');
const FILES = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json'));

jest.setTimeout(120_000);
const make = temporaryDirectories();
let sshd: Sshd;
let repository: string;
let basePath: string;
let first: string;

beforeAll(async () => {
  sshd = await startSshd();
  process.env.N8N_HOT_DEPLOY_GIT_CACHE = await make('cache');
  process.env.ANTHROPIC_API_KEY = 'test-key';
});

afterAll(async () => {
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.N8N_HOT_DEPLOY_GIT_CACHE;
  await sshd.stop();
});

beforeEach(async () => {
  const [version] = await engineVersions(make, 'v2');
  repository = await make('repository');
  basePath = await make('app');
  git('init', '-q', '-b', 'main');
  cpSync(version, repository, { recursive: true });
  first = commit('first');
  for (const base of [basePath, `${basePath}-staging`]) {
    mkdirSync(join(base, 'samples'), { recursive: true });
    writeFileSync(join(base, 'samples/contract.pdf'), makePdf([['Contract between Alice and Bob']]));
  }
});

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' }).trim();
}

function commit(message: string): string {
  git('add', '-A');
  git('commit', '-q', '-m', message);
  return git('rev-parse', 'HEAD');
}

async function commitVersion(version: string): Promise<string> {
  await materialiseEngine(version, repository);
  return commit(version);
}

/** The workflow as it lies in its file, for this test's engine and repository. */
function readExample(file: string): ExportedWorkflow {
  const text = readFileSync(join(EXAMPLES, file), 'utf8')
    .replaceAll('https://github.com/acme/engine.git', `file://${repository}`)
    .replaceAll('/app', basePath);
  const workflow = JSON.parse(text) as ExportedWorkflow;
  for (const node of workflow.nodes.filter(({ type }) => [HOT_DEPLOY, ROLLBACK, RUN].includes(type))) {
    node.credentials = node.type === RUN ? { ...ACCOUNT, ...SECRETS } : ACCOUNT;
    node.parameters.options = { ...(node.parameters.options as IDataObject), python: PYTHON } as never;
    if (node.type === HOT_DEPLOY) node.parameters.dependencies = 'none';
  }
  return workflow;
}

type Answers = ConstructorParameters<typeof FormPages>[0];

async function run(
  file: string,
  pinned: Record<string, IDataObject> = {},
  answers: Answers = {},
  binary: IBinaryKeyData = {},
): Promise<RunResult & { pages: FormPages }> {
  const pages = new FormPages(answers);
  const n8n = await createN8n({
    nodeTypes: {
      [HOT_DEPLOY]: new HotDeploy(),
      [ROLLBACK]: new RollbackExtractionEngine(),
      [RUN]: new RunExtractionEngine(),
      [TRIGGER]: new HotDeployTrigger(),
      ...exampleNodes(pages),
    },
    credentialTypes: [new HotDeploySshApi(), new HotDeployEngineSecretsApi()],
    credentials: {
      hotDeploySshApi: credentialFor(sshd),
      hotDeployEngineSecretsApi: { secretVariables: 'ANTHROPIC_API_KEY=test-key', pass: 'environment' },
    },
  });
  try {
    const pinData = Object.fromEntries(
      Object.entries(pinned).map(([name, json]): [string, INodeExecutionData[]] => [
        name,
        [{ json, binary }],
      ]),
    );
    const [startNode] = Object.keys(pinned);
    return Object.assign(await n8n.run(readExample(file), { pinData, startNode }), { pages });
  } finally {
    await n8n.close();
  }
}

/** The one item that a node sent out of one of its outputs; the run's own complaint otherwise. */
function only(result: RunResult, node: string, output = 0): IDataObject {
  const items = result.output(node, output);
  if (items.length !== 1)
    throw new Error(`${node} sent ${items.length} items; ${result.error()?.message ?? ''}`);
  return items[0].json;
}

const messageOf = (result: RunResult, node: string) => only(result, node).message as string;

describe.each(FILES)('%s', (file) => {
  const workflow = JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as ExportedWorkflow;

  test('has notes, and neither credentials nor pinned data', () => {
    expect(workflow.pinData ?? {}).toEqual({});
    expect(workflow.nodes.filter(({ credentials }) => credentials)).toEqual([]);
    const notes = workflow.nodes.filter(({ type }) => type.endsWith('.stickyNote'));
    expect(notes.length).toBeGreaterThanOrEqual(2);
    for (const { parameters } of notes) expect(parameters.content).toMatch(/^## /);
  });

  test('joins every node to the others', () => {
    const names = workflow.nodes.filter(({ type }) => !type.endsWith('.stickyNote')).map(({ name }) => name);
    const targets = Object.values(workflow.connections).flatMap(({ main }) =>
      main.flat().map((to) => to?.node),
    );
    const starts = names.filter((name) => !targets.includes(name));
    expect(starts).toHaveLength(1);
    expect([...new Set([...starts, ...targets])].sort()).toEqual([...names].sort());
    expect(new Set(workflow.nodes.map(({ id }: INode) => id)).size).toBe(workflow.nodes.length);
  });
});

describe('nightly-self-update.json', () => {
  test('deploys what is new, says nothing when nothing is, and why when it can’t', async () => {
    const live = await run('nightly-self-update.json');
    expect(messageOf(live, 'Say what went live')).toBe(
      `${basePath} on 127.0.0.1 runs ${first.slice(0, 12)} now, in place of nothing.`,
    );
    const again = await run('nightly-self-update.json');
    expect(only(again, 'Nothing new')).toMatchObject({ status: 'unchanged' });
    expect(again.tasks('Say what went live')).toEqual([]);
    await commitVersion('fails-check');
    const bad = await run('nightly-self-update.json');
    expect(messageOf(bad, 'Say why it did not go live')).toMatch(
      /changed nothing that is live: Check “Six blocks”/,
    );
    expect(bad.tasks('Say what went live')).toEqual([]);
  });
});

describe('nightly-replay.json', () => {
  test('lets live what does the same, and says what something else does', async () => {
    const live = await run('nightly-replay.json');
    expect(messageOf(live, 'Say what went live')).toBe(
      `${basePath} on 127.0.0.1 runs ${first.slice(0, 12)} now. `,
    );
    appendFileSync(join(repository, 'run.py'), '# The same, in other words.\n');
    commit('a comment');
    const same = await run('nightly-replay.json');
    expect(messageOf(same, 'Say what went live')).toContain('now. Both releases put out the same.');
    await commitVersion('v4');
    const other = await run('nightly-replay.json');
    expect(messageOf(other, 'Say why it did not go live')).toMatch(
      /^The new release does something else: \d+ fields? differs? in 1 of 1 input, first .* set Approved Differences to [0-9a-f]{16}\.$/s,
    );
    await commitVersion('broken-import');
    const worse = await run('nightly-replay.json');
    expect(messageOf(worse, 'Say why it did not go live')).toMatch(
      /^The new release is worse: 1 of 1 input does not/,
    );
  });
});

describe('watch-with-a-button.json', () => {
  test('says how the watch does, goes back where somebody wants that, and otherwise says how it ended', async () => {
    const button = (approved?: boolean) => ({
      'Ask whether to go back': () => (approved === undefined ? {} : { data: { approved } }),
    });
    const none = await run('watch-with-a-button.json', {}, button());
    expect(none.pages.shown['Ask whether to go back'].message).toContain('is the first release here');
    const [before] = readdirSync(join(basePath, 'releases'));
    await commitVersion('v4');
    const back = await run('watch-with-a-button.json', {}, button(false));
    expect(back.pages.shown['Ask whether to go back'].message).toMatch(
      /is live and watched until 20.*So far 0 runs ended/,
    );
    expect(messageOf(back, 'Tell how it ended')).toMatch(`${before} is live again. Somebody decided so.`);
    const on = await run('watch-with-a-button.json', {}, button(true));
    expect(messageOf(on, 'Tell how it ended')).toContain('is live and watched until');
    await commitVersion('fails-check');
    const bad = await run('watch-with-a-button.json', {}, button());
    expect(messageOf(bad, 'Tell why it did not go live')).toMatch(/^:x: Check “Six blocks”/);
  });
});

describe('extract-by-form.json', () => {
  const upload = (content: Buffer): IBinaryKeyData => ({
    Document: {
      data: content.toString('base64'),
      mimeType: 'application/pdf',
      fileName: '$(id) contract.pdf',
    },
  });

  test('runs the engine on what was uploaded, and says which release answered', async () => {
    const { release } = only(await run('nightly-self-update.json'), 'Deploy what is on main');
    const result = await run(
      'extract-by-form.json',
      { 'Which document?': {} },
      {},
      upload(makePdf([['The supplier shall deliver.'], ['Either party may terminate.']])),
    );
    expect(only(result, 'Extract')).toMatchObject({
      status: 'succeeded',
      release,
      output: { file: '$(id) contract.pdf' },
    });
    expect(result.pages.shown['Show the result'].completionMessage).toContain(
      `by release ${String(release)}`,
    );
  });

  test('a document without evidence did not succeed, though the engine exits with 0', async () => {
    await run('nightly-self-update.json');
    const result = await run(
      'extract-by-form.json',
      { 'Which document?': {} },
      {},
      upload(makePdf([['Hello']])),
    );
    expect(only(result, 'Extract', 1)).toMatchObject({
      status: 'failed',
      exitCode: 0,
      output: { evidence: [] },
    });
    expect(result.pages.shown['Show why not'].completionMessage).toContain('evidence[0] exists');
  });

  test('says what is wrong with a file that can’t be read', async () => {
    await run('nightly-self-update.json');
    const result = await run(
      'extract-by-form.json',
      { 'Which document?': {} },
      {},
      upload(Buffer.from('no PDF')),
    );
    expect(only(result, 'Extract', 1)).toMatchObject({ status: 'failed', exitCode: 2 });
    expect(result.pages.shown['Show why not'].completionMessage).toBe(
      'failed: The run ended with exit code 2.',
    );
  });
});

const push = (head: string): Record<string, IDataObject> => ({
  'On push': {
    cloneUrl: `file://${repository}`,
    reference: 'refs/heads/main',
    commit: head,
    pusher: 'alice',
    message: 'Better keywords',
  },
});

describe('push-to-deploy.json', () => {
  test('deploys the pushed branch and tests it', async () => {
    const result = await run('push-to-deploy.json', push(first));
    expect(only(result, 'Extract a test document')).toMatchObject({ code: 0, stderr: '' });
    expect(messageOf(result, 'Say what went live')).toBe(
      `alice put ${first.slice(0, 12)} live: Better keywords`,
    );
    expect(only(await run('push-to-deploy.json', push(first)), 'Nothing to deploy')).toMatchObject({
      status: 'unchanged',
    });
  });

  test('goes back when the test does not work', async () => {
    const { release } = only(await run('push-to-deploy.json', push(first)), 'Deploy the pushed branch');
    // Passes its checks, and can't extract.
    appendFileSync(join(repository, 'src/writer.py'), '\nraise SystemExit(3)\n');
    const result = await run('push-to-deploy.json', push(commit('worse')));
    expect(only(result, 'Roll back')).toMatchObject({ status: 'rolledBack', release });
    expect(messageOf(result, 'Say that it was taken back')).toContain(`${String(release)} is live again`);
  });
});

describe('plan-approve-apply.json', () => {
  const start = { 'Which version?': { Reference: 'main' } };

  test('applies exactly what was approved', async () => {
    const { pages } = await run('plan-approve-apply.json', start, {
      'Ask for approval': () => ({ Decision: 'Deploy exactly this' }),
    });
    expect(pages.shown['Ask for approval'].options).toMatchObject({
      formTitle: `Deploy ${first.slice(0, 12)}?`,
      formDescription: expect.stringContaining('files added'),
    });
    expect(pages.shown['Show what is live'].completionMessage).toContain(`is live in ${basePath}`);
  });

  test('does nothing when it is declined, and refuses when something changed before the approval', async () => {
    const declined = await run('plan-approve-apply.json', start, {
      'Ask for approval': () => ({ Decision: 'Leave it as it is' }),
    });
    expect(declined.tasks('Apply the plan')).toEqual([]);
    expect(declined.pages.shown['Show that nothing was done']).toBeDefined();
    const late = await run('plan-approve-apply.json', start, {
      'Ask for approval': () => {
        writeFileSync(join(basePath, 'run.py'), '# made by hand meanwhile\n');
        return { Decision: 'Deploy exactly this' };
      },
    });
    expect(late.pages.shown['Show why not'].completionMessage).toContain('not the one that was approved');
  });
});

describe('blue-green.json', () => {
  test('tests in staging, then brings the very same bytes', async () => {
    const result = await run('blue-green.json');
    const [staging, production] = ['Deploy to staging', 'Deploy to production'].map((node) =>
      only(result, node),
    );
    expect(production.source).toEqual(
      expect.objectContaining({ digest: (staging.source as IDataObject).digest }),
    );
    expect(messageOf(result, 'Say what went live')).toContain('byte for byte');
  });

  test('leaves production alone when staging can’t extract', async () => {
    appendFileSync(join(repository, 'src/writer.py'), '\nraise SystemExit(3)\n');
    commit('worse');
    const result = await run('blue-green.json');
    expect(result.tasks('Deploy to production')).toEqual([]);
    expect(messageOf(result, 'Say why production stays')).toContain('ended with code 3');
  });
});

describe('rollback-form.json', () => {
  test('lists the releases that are kept and goes back to the chosen one', async () => {
    const { release } = only(await run('nightly-self-update.json'), 'Deploy what is on main');
    await commitVersion('v4');
    await run('nightly-self-update.json');
    const start = { 'Go back?': { Reason: 'Names are missing' } };
    const { pages } = await run('rollback-form.json', start, {
      'Choose one': ({ jsonOutput }) => {
        const [{ fieldOptions }] = JSON.parse(jsonOutput as string) as [
          { fieldOptions: { values: Array<{ option: string }> } },
        ];
        expect(fieldOptions.values).toEqual([{ option: release }]);
        return { Release: fieldOptions.values[0].option };
      },
    });
    expect(pages.shown['Choose one'].options).toMatchObject({
      formDescription: expect.stringMatching(
        new RegExp(`${String(release)}: previous, \\d+ [A-Z][a-z]+, \\d\\d:\\d\\d`),
      ),
    });
    expect(pages.shown['Show what is live'].completionMessage).toBe(
      `${String(release)} is live in ${basePath} again. Reason: Names are missing`,
    );
  });
});
