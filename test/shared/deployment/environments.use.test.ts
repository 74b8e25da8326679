import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { planDeployment } from '../../../nodes/shared/operations/plan';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { processEnd } from '../../support/conversation';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { thrownBy } from '../../support/thrown';
import {
  offline,
  UV_DIRECTORY,
  withoutInstallerSettings,
  writeKeywords,
  writeSourceDistribution,
} from '../../support/wheels';

jest.setTimeout(120_000);
withoutInstallerSettings();
const make = temporaryDirectories();
let wheelhouse: string;
let source: string;
let path: string | undefined;

beforeAll(async () => {
  path = process.env.PATH;
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2', '3']) writeKeywords(wheelhouse, version);
});
afterAll(() => {
  process.env.PATH = path;
});
beforeEach(async () => {
  [source] = await engineVersions(make, 'base');
});

const dependencies = () => offline(wheelhouse, { installer: 'pip' });

async function deployVersion(base: string, version: string, keepReleases = 10) {
  await writeFile(join(source, 'requirements.txt'), version && `keywords==${version}\n`);
  return deployTo(base, source, { dependencies: dependencies(), keepReleases });
}

const environmentsOf = (base: string) => readdirSync(join(base, 'environments')).sort();

const prune = (base: string) =>
  inConversation((client) =>
    pruneReleases(client, deployOptions(base), { keepReleases: 10, keepBackups: 10 }),
  );

/** Imports its package only when it is told to. */
const LATE =
  'print("up", flush=True); import sys; sys.stdin.read(); import keywords; print(keywords.VERSION)';

/** Ways to run Python in the live environment without the launcher: command, arguments and working directory. */
const WAYS: Array<[string, (base: string, environment: string) => [string, string[], string?]]> = [
  ['by its path', (base, environment) => [join(base, environment, 'bin/python'), ['-c', LATE]]],
  ['by a path from the base path', (base, environment) => [`${environment}/bin/python`, ['-c', LATE], base]],
  [
    'in a shell that activated it',
    (base) => ['sh', ['-c', `. ${base}/current/.venv/bin/activate && exec python -c '${LATE}'`]],
  ],
];

test.each(WAYS)('P4: an environment stays while somebody runs in it %s', async (_, way) => {
  const base = await make();
  const { dependencies: first } = await deployVersion(base, '1');
  // As 0.1.0 made them: nothing pins what is started there.
  execFileSync('find', [join(base, 'environments'), '-name', 'hot_deploy_start*', '-delete']);
  const [command, argv, cwd] = way(base, `environments/${first.environment}`);
  const running: ChildProcess = spawn(command, argv, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  running.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  try {
    await once(running.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    const { dependencies: second } = await deployVersion(base, '2');
    const { dependencies: third } = await deployVersion(base, '3', 1);
    expect(environmentsOf(base)).toEqual([first, second, third].map((d) => d.environment).sort());
  } finally {
    running.stdin?.end();
  }
  await once(running, 'close');
  expect(said).toBe('up\n1\n');
  expect((await prune(base)).environments).toEqual([first.environment]);
});

test.each(['pip', 'uv'] as const)(
  'P8: cancelled while a package is being built, with %s: all of it ends',
  async (installer) => {
    const started = join(await make('started'), installer);
    const backend = `import os, time
def build_wheel(*_):
    with open(${JSON.stringify(started)} + ".new", "w") as file:
        file.write("%d %d" % (os.getpid(), os.getppid()))
    os.rename(file.name, ${JSON.stringify(started)})
    time.sleep(600)
`;
    writeSourceDistribution(wheelhouse, `endless-${installer}`, backend);
    const base = await make();
    await deployVersion(base, '1');
    await writeFile(join(source, 'requirements.txt'), `endless-${installer}\n`);
    const abort = new AbortController();
    const ending = thrownBy(
      deployTo(base, source, { dependencies: offline(wheelhouse, { installer }) }, { signal: abort.signal }),
    );
    while (!existsSync(started)) await new Promise(setImmediate);
    const [built, builder] = readFileSync(started, 'utf8').split(' ').map(Number);
    const cancelled = performance.now();
    abort.abort();
    expect(await ending).toMatchObject({ code: 'CANCELLED' });
    await Promise.all([processEnd(built), processEnd(builder)]);
    expect(performance.now() - cancelled).toBeLessThan(10_000);
    expect(environmentsOf(base)).toHaveLength(1);
  },
);

test('two deployments at once build the same environment once', async () => {
  const base = await make();
  await deployVersion(base, '1');
  await writeFile(join(source, 'requirements.txt'), 'keywords==2\n');
  const [other] = await engineVersions(make, 'v2');
  await writeFile(join(other, 'requirements.txt'), 'keywords==2\n');
  const options = { dependencies: dependencies(), lockWaitSeconds: 60 };
  const results = await Promise.all([deployTo(base, source, options), deployTo(base, other, options)]);
  expect(results.map(({ status }) => status)).toEqual(['deployed', 'deployed']);
  expect(results.map((result) => result.dependencies.status).sort()).toEqual(['built', 'reused']);
  expect(new Set(results.map((result) => result.dependencies.environment)).size).toBe(1);
  expect(environmentsOf(base)).toHaveLength(2);
});

describe('packages that are added, removed and changed', () => {
  const plan = (base: string) =>
    inConversation(async (client) => {
      const options = deployOptions(base, { dependencies: dependencies() });
      return planDeployment(client, await bundleOf(source, options), options);
    });

  test('are told by a deployment, a rollback and a plan, also where nothing is needed any more', async () => {
    const base = await make();
    const one = { name: 'keywords', version: '1' };
    expect((await deployVersion(base, '1')).dependencies.packages).toEqual({
      added: [one],
      removed: [],
      changed: [],
    });

    await writeFile(join(source, 'requirements.txt'), '');
    const gone = { added: [], removed: [one], changed: [] };
    expect((await plan(base)).dependencies).toMatchObject({ status: 'none', packages: gone });
    expect((await deployVersion(base, '')).dependencies).toEqual({
      status: 'none',
      environment: null,
      durationMs: 0,
      packages: gone,
    });

    // Their environment is there already, so that a plan knows them, too.
    await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
    await appendFile(join(source, 'run.py'), '\n# once more\n');
    const back = { added: [one], removed: [], changed: [] };
    expect((await plan(base)).dependencies).toMatchObject({ status: 'reused', packages: back });
    expect((await deployVersion(base, '1')).dependencies).toMatchObject({ status: 'reused', packages: back });
    expect((await rollBackTo(base, { target: 'previous' })).dependencies.packages).toEqual(gone);
  });
});
