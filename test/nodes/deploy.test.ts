import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { materialiseEngine } from '../support/engine';
import { chain, type ConsoleMessage, type N8n } from '../support/n8n';
import { checks, credentialFor, hotDeploy, onlyJson, openN8n } from '../support/nodes';
import { liveTree, seenThrough, treeOf } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';
import { writeTree } from '../support/tree';

/** What an output of Deploy Release holds, and of what kind. */
const OUTPUT = {
  status: 'deployed',
  host: '127.0.0.1',
  basePath: expect.stringMatching(/^\//),
  release: expect.stringMatching(/^\d{8}-\d{6}-[0-9a-f]{7}/),
  previousRelease: expect.stringMatching(/^\d{8}-\d{6}-[0-9a-f]{7}/),
  source: {
    type: 'directory',
    reference: expect.any(String),
    commit: null,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  },
  changes: {
    added: expect.any(Array),
    modified: expect.any(Array),
    removed: [],
    ignored: [],
    counts: { added: expect.any(Number), modified: expect.any(Number), removed: 0, ignored: 0 },
  },
  dependencies: { status: 'none', environment: null, durationMs: 0 },
  backup: expect.stringMatching(/^hot-backup-.*\.tar\.gz$/),
  checks: expect.any(Array),
  swap: expect.objectContaining({ method: 'rename', atomic: true, adopted: true, gapMs: 0 }),
  releasesInUse: expect.any(Array),
  steps: expect.arrayContaining([{ name: 'switch', durationMs: expect.any(Number) }]),
  durationMs: expect.any(Number),
  n8n: { processId: process.pid, startedAt: expect.stringMatching(/^\d{4}-.*Z$/), restarted: false },
};

/** A first deployment's, whose checks don't start the engine. */
const HINT = expect.objectContaining({ kind: 'engineNotStarted', severity: 'hint' }) as unknown;

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let messages: ConsoleMessage[] = [];
let logged: string[] = [];
let v2: string;

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd), {
    onConsole: (message) => messages.push(message),
    onLog: (level, message) => logged.push(`${level}: ${message}`),
  });
  [v2] = await engineVersions(make, 'v2');
});

beforeEach(() => {
  messages = [];
  logged = [];
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

/** A directory that holds a plain engine, as somebody runs it before the first deployment. */
async function plainEngine(): Promise<string> {
  const base = await make('app');
  await materialiseEngine('base', base);
  return base;
}

/** Every key of a value, of those inside it too. */
function keysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner)]);
}

test('deploys a directory over SSH into a plain directory, and answers with one flat, paired item', async () => {
  const basePath = await plainEngine();
  const result = await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2 })));
  const json = onlyJson(result);
  expect(json).toEqual({ ...OUTPUT, findings: [HINT], pinning: { way: 'place', why: null }, basePath });
  expect(json.changes).toMatchObject({
    modified: expect.arrayContaining(['config/default_config.json', 'src/matcher.py']),
  });
  expect(json.checks).toEqual([
    expect.objectContaining({ type: 'compile', when: 'before', passed: true, output: expect.any(String) }),
    expect.objectContaining({ type: 'json', when: 'before', passed: true, durationMs: expect.any(Number) }),
  ]);
  expect(keysIn(json)).not.toContain('error');
  expect(result.output('Hot Deploy')[0].pairedItem).toEqual({ item: 0 });
  expect(liveTree(basePath)).toEqual(treeOf(v2));
});

test('P9: the same content again changes nothing and says unchanged', async () => {
  const basePath = await plainEngine();
  const workflow = chain(hotDeploy({ basePath, sourceDirectory: v2 }));
  const first = onlyJson(await n8n.run(workflow));
  const before = readdirSync(join(basePath, 'releases'));
  const result = await n8n.run(workflow);
  const second = onlyJson(result);
  expect(second).toEqual({
    ...OUTPUT,
    status: 'unchanged',
    basePath,
    release: first.release,
    previousRelease: first.previousRelease,
    backup: null,
    checks: [],
    swap: expect.objectContaining({ method: 'none', adopted: false }),
    steps: expect.any(Array),
  });
  expect(readdirSync(join(basePath, 'releases'))).toEqual(before);
  expect(result.hints('Hot Deploy')).toEqual([
    expect.objectContaining({ type: 'info', message: expect.stringMatching(/already .* live/) }),
  ]);
  expect(keysIn(second)).not.toContain('error');
});

test('deploys unchanged content when told to', async () => {
  const basePath = await make('app');
  const deploying = (deployUnchanged: boolean) =>
    n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2, options: { deployUnchanged } })));
  const first = onlyJson(await deploying(false));
  const second = onlyJson(await deploying(true));
  expect(second).toMatchObject({ status: 'deployed', previousRelease: first.release });
});

test('Plan Deployment says what would change and changes nothing', async () => {
  const basePath = await plainEngine();
  const before = seenThrough(basePath);
  const plan = () => n8n.run(chain(hotDeploy({ operation: 'plan', basePath, sourceDirectory: v2 })));
  expect(onlyJson(await plan())).toMatchObject({
    status: 'planned',
    basePath,
    unchanged: false,
    adopt: ['config', 'requirements.txt', 'run.py', 'src'],
    lockedBy: null,
  });
  expect(seenThrough(basePath)).toEqual(before);
  expect(readdirSync(basePath)).not.toContain('releases');

  await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2 })));
  expect(onlyJson(await plan())).toMatchObject({ unchanged: true, adopt: [], bytesToSend: 0 });
});

test('Get Status says what is live, before and after', async () => {
  const basePath = await plainEngine();
  const status = async () => onlyJson(await n8n.run(chain(hotDeploy({ operation: 'status', basePath }))));
  expect(await status()).toMatchObject({ state: 'plain', host: '127.0.0.1', basePath, release: null });
  const deployed = onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2 }))));
  await writeFile(join(basePath, 'current', 'src', 'by_hand.py'), 'x = 1\n');
  expect(await status()).toMatchObject({
    state: 'live',
    release: deployed.release,
    previousRelease: deployed.previousRelease,
    source: { type: 'directory', reference: v2 },
    drift: { modified: [], missing: [], added: ['src/by_hand.py'] },
    kept: { releases: 2, backups: 1 },
  });
});

describe('what is told meanwhile', () => {
  const smoke = { type: 'command', name: 'smoke test', command: 'python -c "print(\'it works\')"' };

  test('a manual run shows each step and the output of checks in the console', async () => {
    const basePath = await make('app');
    const parameters = { basePath, sourceDirectory: v2, checks: checks(smoke) };
    await n8n.run(chain(hotDeploy(parameters)));
    const lines = messages.map((message) => String(message.messages[0]));
    expect(messages[0].source).toBe('[Node: "Hot Deploy"]');
    for (const step of ['lock and look', 'transfer and assemble', 'switch', 'confirm']) {
      expect(lines).toContain(`${basePath}: ${step} …`);
      expect(lines).toContainEqual(expect.stringMatching(`^${basePath}: ${step} done in \\d+ ms$`));
    }
    expect(lines).toContain(`${basePath}: smoke test: it works`);
  });

  test('a production run sends nothing to a console and logs each step at info', async () => {
    const basePath = await make('app');
    const parameters = { basePath, sourceDirectory: v2, checks: checks(smoke) };
    await n8n.run(chain(hotDeploy(parameters)), { mode: 'trigger' });
    expect(messages).toEqual([]);
    expect(logged).toContain(`info: Hot Deploy: ${basePath}: switch …`);
    expect(logged).toContainEqual(expect.stringMatching(`^info: Hot Deploy: ${basePath}: switch done in`));
    expect(logged.filter((line) => line.startsWith('error') || line.startsWith('warn'))).toEqual([]);
  });

  test('a deployment hints at what is live and how to go back', async () => {
    const basePath = await plainEngine();
    const result = await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2 })));
    const { release, previousRelease } = onlyJson(result);
    const [{ message, type, location }] = result.hints('Hot Deploy');
    expect({ type, location }).toEqual({ type: 'info', location: 'outputPane' });
    expect(message).toContain(`${release} is live in ${basePath}`);
    expect(message).toContain(`Rollback Extraction Engine`);
    expect(message).toContain(`${previousRelease}`);
  });
});

/** Writes for as long as somebody reads. */
function flood(response: ServerResponse): void {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  const go = (): void => {
    while (!response.destroyed && response.write(piece));
    response.once('drain', go);
  };
  go();
}

/** A header that gets one more byte again and again. */
function drip(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nX-Long: ');
  const timer = setInterval(() => socket.write('x'), 200);
  socket.once('close', () => clearInterval(timer));
}

/** Sends whoever asks to the next address. */
function leadOn(url: string | undefined, response: ServerResponse): void {
  response.writeHead(302, { location: `/${Number(url?.slice(1)) + 1}` }).end();
}

describe('the n8n Health URL', () => {
  async function deployAsking(n8nHealthUrl: string): Promise<IDataObject> {
    const basePath = await make('app');
    return onlyJson(
      await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2, options: { n8nHealthUrl } }))),
    );
  }

  test('is asked before and after', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 200 : 503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
    const json = await deployAsking(url);
    server.close();
    expect(asked).toBe(2);
    expect(json.n8n).toMatchObject({
      restarted: false,
      health: { before: 'answered with 200', after: 'answered with 503' },
    });

    const down = await deployAsking(url);
    expect(down).toMatchObject({
      status: 'deployed',
      n8n: { health: { before: expect.stringMatching(/^no answer: /) } },
    });
  });

  test.each<[string, RegExp, RequestListener]>([
    ['never ends its answer', /^answered with 200$/, (_request, response) => void response.write('{')],
    ['floods', /^answered with 200$/, (_request, response) => flood(response)],
    ['drips its header', /^no answer: nothing came within 5 s$/, ({ socket }) => drip(socket)],
    ['leads on for ever', /^no answer: .*redirects/, ({ url }, response) => leadOn(url, response)],
  ])('P7: a URL that %s keeps nobody, and takes no memory', async (_what, said, listener) => {
    let sent = 0;
    const server = createServer((request, response) => {
      request.socket.on('close', () => (sent += request.socket.bytesWritten));
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/0`;
    const began = performance.now();
    const json = await deployAsking(url);
    expect(performance.now() - began).toBeLessThan(40_000);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    const health = { before: expect.stringMatching(said), after: expect.stringMatching(said) };
    expect(json).toMatchObject({ status: 'deployed', n8n: { health } });
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });
});

test.each([
  ['scripts/report.py, run.py', ['folder', 'launcher']],
  ['', ['link', 'link']],
])('an engine whose Entrypoint is %j is deployed through n8n, and works', async (entrypoint, kinds) => {
  const [base, source] = [await make('app'), await make('source')];
  const files = (version: string) => ({
    'run.py': `print('${version}')\n`,
    'scripts/report.py': `import os, sys\nprint('${version}', os.path.basename(__file__))\n`,
  });
  await writeTree(base, files('1'));
  await writeTree(source, files('2'));
  const parameters = { basePath: base, sourceDirectory: source, include: 'scripts/**, run.py', entrypoint };
  const output = onlyJson(await n8n.run(chain(hotDeploy(parameters))));
  expect(output).toMatchObject({ status: 'deployed' });
  const says = (script: string) => execFileSync('python3', [script], { cwd: base, encoding: 'utf8' }).trim();
  expect([says('run.py'), says('scripts/report.py')]).toEqual(['2', '2 report.py']);
  const kindOf = (name: string): string => {
    const status = lstatSync(join(base, name));
    return status.isSymbolicLink() ? 'link' : status.isDirectory() ? 'folder' : 'launcher';
  };
  expect([kindOf('scripts'), kindOf('run.py')]).toEqual(kinds);
});
