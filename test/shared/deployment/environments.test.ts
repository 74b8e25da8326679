import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { getStatus } from '../../../nodes/shared/operations/status';
import {
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { availablePythons } from '../../support/pythons';
import { keptNames } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';
import { withUv } from '../../support/withUv';

jest.setTimeout(120_000);
withoutInstallerSettings();
withUv();
const make = temporaryDirectories();
let wheelhouse: string;
let source: string;

beforeAll(async () => {
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2', '3']) writeKeywords(wheelhouse, version);
  [source] = await engineVersions(make, 'base');
  await needKeywords(source);
});

const dependencies = () => offline(wheelhouse);

/** Deploys the engine and `keywords` in `version`. */
async function deployVersion(base: string, version: string, changes: Parameters<typeof deployTo>[2] = {}) {
  await requireKeywords(source, version);
  return deployTo(base, source, { dependencies: dependencies(), ...changes });
}

/** What the live release's own interpreter imports as `keywords`. */
function liveKeywords(base: string): string {
  const python = join(base, 'current/.venv/bin/python');
  return execFileSync(python, ['-c', 'import keywords; print(keywords.VERSION)'], {
    encoding: 'utf8',
  }).trim();
}

function environmentsOf(base: string): string[] {
  return existsSync(join(base, 'environments')) ? readdirSync(join(base, 'environments')).sort() : [];
}

describe('an environment for each set of dependencies', () => {
  let base: string;
  beforeAll(async () => {
    base = await make();
  });

  test('is built aside, checked, and switched with the release', async () => {
    const first = await deployVersion(base, '1', {
      checks: [checkOf({ type: 'python', code: 'import keywords; assert keywords.VERSION == "1"' })],
    });
    expect(first.dependencies).toMatchObject({
      status: 'built',
      file: 'requirements.txt',
      packages: { added: [{ name: 'keywords', version: '1' }], removed: [], changed: [] },
    });
    expect(first.dependencies.installer).toMatch(/^(pip|uv) \d/);
    expect(environmentsOf(base)).toEqual([first.dependencies.environment]);
    expect(liveKeywords(base)).toBe('1');

    const second = await deployVersion(base, '2');
    expect(second.dependencies).toMatchObject({
      status: 'built',
      packages: { added: [], removed: [], changed: [{ name: 'keywords', from: '1', to: '2' }] },
    });
    expect(second.stats.roundTrips).toBe(5);
    expect(liveKeywords(base)).toBe('2');
  });

  test('P9: the same once more is unchanged, in one round trip', async () => {
    const again = await deployVersion(base, '2');
    expect(again).toMatchObject({ status: 'unchanged', dependencies: { status: 'reused', durationMs: 0 } });
    expect(again.stats.roundTrips).toBe(1);
  });

  test('comes back with a rollback, the very same, and nothing is installed for it', async () => {
    const forth = realpathSync(join(base, 'current/.venv'));
    const back = await rollBackTo(base, { target: 'previous' });
    expect(back.dependencies).toMatchObject({
      status: 'reused',
      packages: { changed: [{ name: 'keywords', from: '2', to: '1' }] },
    });
    expect(back.dependencies.output).toBeUndefined();
    expect(back.stats.roundTrips).toBe(3);
    expect(liveKeywords(base)).toBe('1');
    await rollBackTo(base, { target: 'previous' });
    expect(realpathSync(join(base, 'current/.venv'))).toBe(forth);
  });

  test('is shown by the status and the list, with its packages', async () => {
    const status = await inConversation((client) => getStatus(client, deployOptions(base)));
    expect(status.environment).toMatchObject({
      name: environmentsOf(base).find((name) => realpathSync(join(base, 'current/.venv')).endsWith(name)),
      ailment: null,
      packages: [{ name: 'keywords', version: '2' }],
    });
  });

  test('can be written to by nobody', () => {
    const writable = execFileSync('find', [
      join(base, 'environments'),
      '-mindepth',
      '1',
      '-perm',
      '/222',
      '-not',
      '-type',
      'l',
    ]);
    expect(writable.toString()).toBe('');
  });
});

test('changed code with unchanged requirements starts no pip and no uv', async () => {
  const base = await make();
  await deployVersion(base, '1');
  const started = join(await make('started'), 'programs');
  const bin = await make('bin');
  const [environment] = environmentsOf(base);
  for (const name of ['pip', 'pip3', 'uv']) {
    await writeFile(join(bin, name), `#!/bin/sh\necho ${name} >> ${started}\nexit 1\n`, { mode: 0o755 });
  }
  const interpreter = join(bin, 'python-counted');
  await writeFile(
    interpreter,
    `#!${PYTHON} -IS
import os, sys
def audit(event, arguments):
    # How runs are pinned is asked of the prefix.
    if event == "subprocess.Popen" and arguments[1][-1] != "--hot-deploy-pinning":
        with open(${JSON.stringify(started)}, "a") as log:
            log.write("%s\\n" % " ".join(map(str, arguments[1]))[:300])
sys.addaudithook(audit)
exec(sys.argv[-1], {"__name__": "__main__"})
`,
    { mode: 0o755 },
  );
  await writeFile(join(source, 'src', 'extra.py'), 'ADDED = True\n');
  const path = process.env.PATH;
  process.env.PATH = `${bin}:${path}`;
  try {
    const options = { dependencies: dependencies(), createBackup: false };
    const { dependencies: reused } = await deployTo(base, source, options, { python: interpreter });
    expect(reused).toMatchObject({ status: 'reused', environment, durationMs: expect.any(Number) });
    expect(existsSync(started) ? readFileSync(started, 'utf8') : '').toBe('');
    // The counting itself: a change of the requirements does start one.
    await requireKeywords(source, '3');
    await thrownBy(deployTo(base, source, options, { python: interpreter }));
    expect(readFileSync(started, 'utf8')).toMatch(/pip|uv|venv/);
  } finally {
    process.env.PATH = path;
    rmSync(join(source, 'src', 'extra.py'));
  }
});

test('P3: a check that does not pass in the new environment leaves the live one as it is', async () => {
  const base = await make();
  const { release } = await deployVersion(base, '1');
  const checks = [checkOf({ type: 'python', code: 'import keywords; assert keywords.VERSION == "1"' })];
  const refused = await thrownBy(deployVersion(base, '2', { checks }));
  expect(refused).toMatchObject({ code: 'CHECK', details: { live: release } });
  expect(liveKeywords(base)).toBe('1');
  expect(keptNames(base).releases).toEqual([release]);
  // What was built is whole and nobody's: the next try finds it, and pruning removes it.
  const retried = await deployVersion(base, '2');
  expect(retried.dependencies.status).toBe('reused');
});

test('an environment goes with the last release that leads to it, and stays while somebody runs in it', async () => {
  const base = await make();
  const { dependencies: first } = await deployVersion(base, '1');
  const { dependencies: second } = await deployVersion(base, '2');
  // Not through the launcher: no lease on the release, only a process of that environment.
  const python = join(base, 'environments', first.environment as string, 'bin/python');
  const running = spawn(python, ['-c', 'print("up", flush=True); import sys; sys.stdin.read()'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(running.stdout, 'data');
  const { dependencies: third } = await deployVersion(base, '3', { keepReleases: 1 });
  expect(environmentsOf(base)).toEqual([first.environment, second.environment, third.environment].sort());
  running.stdin.end();
  await once(running, 'close');
  const removed = await inConversation((client) =>
    pruneReleases(client, deployOptions(base), { keepReleases: 10, keepBackups: 10 }),
  );
  expect(removed.environments).toEqual([first.environment]);
  expect(environmentsOf(base)).toEqual([second.environment, third.environment].sort());
});

describe('P5: building that ends early leaves nothing, and the next deployment goes through', () => {
  test.each([['cancelled', (abort: AbortController) => abort.abort()]])('%s', async (_, end) => {
    const base = await make();
    const { release } = await deployVersion(base, '1');
    const abort = new AbortController();
    await requireKeywords(source, '2');
    const started = performance.now();
    const refused = await thrownBy(
      deployTo(
        base,
        source,
        {
          dependencies: dependencies(),
          onStep: ({ step, phase }) => {
            if (step === 'dependencies' && phase === 'start') end(abort);
          },
        },
        { signal: abort.signal },
      ),
    );
    expect(refused).toMatchObject({ code: 'CANCELLED', details: { live: release } });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(environmentsOf(base)).toHaveLength(1);
    expect(keptNames(base).releases).toEqual([release]);
    expect((await deployVersion(base, '2')).status).toBe('deployed');
  });

  test('an executor that is killed while it builds', async () => {
    const base = await make();
    await deployVersion(base, '1');
    await requireKeywords(source, '2');
    const lost = await thrownBy(
      inConversation(async (client) => {
        const { openDirectory } = await import('../../../nodes/shared/source/directory');
        const { deploy } = await import('../../../nodes/shared/operations/deploy');
        const options = deployOptions(base, { dependencies: dependencies() });
        const bundle = await openDirectory({ directory: source, selection: options.selection });
        const kill = () => process.kill(client.hello.processId, 'SIGKILL');
        return deploy(client, bundle, {
          ...options,
          onStep: ({ step, phase }) => {
            if (step === 'dependencies' && phase === 'start') kill();
          },
        });
      }),
    );
    expect(lost.code).toBe('LOST');
    expect(liveKeywords(base)).toBe('1');
    const { dependencies: built } = await deployVersion(base, '2');
    expect(built.environment).not.toBeNull();
    expect(liveKeywords(base)).toBe('2');
    expect(environmentsOf(base)).toHaveLength(2);
  });
});

describe('an interpreter that changes under an environment', () => {
  /** An interpreter of this test's own, which can be taken away: what a rebuilt image or an upgrade does. */
  async function ownInterpreter(): Promise<{ python: string; home: string }> {
    const home = await make('interpreter');
    const python = join(home, 'python3');
    symlinkSync(realpathSync(PYTHON), python);
    return { python, home };
  }

  test('the status says that the environment no longer starts, and the same content is deployed anew', async () => {
    const base = await make();
    await requireKeywords(source, '1');
    const options = { dependencies: dependencies() };
    const first = await deployTo(base, source, options);
    // The environment's link to its interpreter leads nowhere, as after an upgrade of the minor version.
    const bin = join(base, 'environments', first.dependencies.environment as string, 'bin');
    chmodSync(bin, 0o755);
    rmSync(join(bin, 'python'));
    symlinkSync(join(await make('gone'), 'python3.7'), join(bin, 'python'));

    const { environment } = await inConversation((client) => getStatus(client, deployOptions(base)));
    expect(environment?.ailment).toMatch(/^no longer starts/);

    const again = await deployTo(base, source, options);
    expect(again).toMatchObject({ status: 'deployed', dependencies: { status: 'built' } });
    expect(again.dependencies.environment).not.toBe(first.dependencies.environment);
    expect(liveKeywords(base)).toBe('1');
  });

  const [other] = availablePythons().filter((python) => python !== PYTHON);
  (other ? test : test.skip)('another minor version means another environment', async () => {
    const base = await make();
    await requireKeywords(source, '1');
    const first = await deployTo(base, source, { dependencies: dependencies() });
    const second = await deployTo(base, source, { dependencies: dependencies() }, { python: other });
    expect(second).toMatchObject({ status: 'deployed', dependencies: { status: 'built' } });
    expect(second.dependencies.python).not.toBe(first.dependencies.python);
  });

  test('a rollback to a release whose environment is gone builds it anew', async () => {
    const base = await make();
    const first = await deployVersion(base, '1');
    await deployVersion(base, '2');
    const directory = join(base, 'environments', first.dependencies.environment as string);
    execFileSync('rm', ['-rf', directory]);
    const back = await rollBackTo(base, { target: 'previous' });
    expect(back.dependencies).toMatchObject({ status: 'built' });
    expect(liveKeywords(base)).toBe('1');
  });

  test('through a link that is moved to another place, it still is the same interpreter', async () => {
    const base = await make();
    await requireKeywords(source, '1');
    const { python } = await ownInterpreter();
    await deployTo(base, source, { dependencies: dependencies() });
    const again = await deployTo(base, source, { dependencies: dependencies() }, { python });
    expect(again.status).toBe('unchanged');
  });
});

test('a backup brings its requirements along: restoring it reuses their environment', async () => {
  const base = await make();
  await deployVersion(base, '1');
  const { backup } = await deployVersion(base, '2');
  const restored = await rollBackTo(base, { target: 'backup', backup: backup as string });
  expect(restored.dependencies).toMatchObject({ status: 'reused' });
  expect(liveKeywords(base)).toBe('1');
});

test('an engine that needs nothing gets no environment', async () => {
  const base = await make();
  const [plain] = await engineVersions(make, 'v2');
  const { dependencies: none } = await deployTo(base, plain, { dependencies: dependencies() });
  expect(none).toEqual({ status: 'none', environment: null, durationMs: 0 });
  expect(environmentsOf(base)).toEqual([]);
  expect(existsSync(join(base, 'current/.venv'))).toBe(false);
});

test('what is no environment of ours in environments/ is left alone', async () => {
  const base = await make();
  await deployVersion(base, '1');
  await mkdir(join(base, 'environments', 'mine'));
  await mkdir(join(base, 'environments', '0123456789abcdef'));
  await deployVersion(base, '2');
  expect(environmentsOf(base)).toContain('mine');
  // Unfinished and ours by its name: gone.
  expect(environmentsOf(base)).not.toContain('0123456789abcdef');
});
