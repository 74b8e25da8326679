import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { appendFile, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectLocal } from '../../../nodes/shared/connection/local';
import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { InterpreterOptions } from '../../../nodes/shared/executor/interpreter';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import { listReleases } from '../../../nodes/shared/operations/list';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import type { SwitchOptions } from '../../../nodes/shared/release/options';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { openDirectory } from '../../../nodes/shared/source/directory';
import { getStatus } from '../../../nodes/shared/operations/status';
import { type Container, createStoppedContainer, startContainer } from '../../support/container';
import { checkOf, deployOptions, engineVersions, temporaryDirectories } from '../../support/deployment';
import { ENGINE_ENVIRONMENT, makePdf, versionsIn } from '../../support/engine';
import { fakeInterpreter } from '../../support/fakeInterpreter';
import { liveTree, treeOf } from '../../support/snapshot';
import { startSshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { allowSudo } from '../../support/sudoRules';
import { createSystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';
import { asBasePath } from '../../support/named';

jest.setTimeout(120_000);
withoutInstallerSettings();
const make = temporaryDirectories();
/** The wheels travel in the release: inside the container nothing else can be reached. */
const SELECTION = {
  include: ['src/**', 'config/**', 'run.py', 'requirements.txt', 'wheels/**'],
  exclude: [],
};
const VERSIONS = ['1', '2', '3'];
let host: string;
let container: Container;
let source: string;
let pdf: string;

beforeAll(async () => {
  host = await make('mounted');
  const files = await make('files');
  pdf = join(files, 'contract.pdf');
  await writeFile(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
  // The same place on both sides, so that one command line serves both.
  container = startContainer([{ host }, { host: files, inside: files }]);
  [source] = await engineVersions(make, 'base');
  await needKeywords(source);
  mkdirSync(join(source, 'wheels'));
  for (const version of VERSIONS) writeKeywords(join(source, 'wheels'), version);
}, 300_000);
afterAll(() => container.stop());

function inside(changes: Partial<InterpreterOptions> = {}): InterpreterOptions {
  return {
    python: '/usr/bin/python3',
    become: 'none',
    runtime: 'container',
    container: container.name,
    containerCommand: container.command,
    ...changes,
  };
}

const hostPython = (): InterpreterOptions => ({
  python: '/usr/bin/python3',
  become: 'none',
  runtime: 'host',
});

const options = (changes = {}) =>
  deployOptions('/app', {
    selection: SELECTION,
    dependencies: offline('wheels', { installer: 'pip' }),
    createBackup: false,
    ...changes,
  });

async function converse<T>(
  work: (client: ExecutorClient) => Promise<T>,
  interpreter = inside(),
  connection = connectLocal(),
): Promise<T> {
  const client = await ExecutorClient.open(connection, { interpreter });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

async function deployVersion(client: ExecutorClient, version: string, changes = {}) {
  await requireKeywords(source, version);
  return deploy(client, await openDirectory({ directory: source, selection: SELECTION }), options(changes));
}

const COMMAND = ['run.py', 'extract'];
/** A pipe in the base path, on both sides: who extracts from it goes on when somebody writes to it. */
const HELD = 'held.pdf';

/** Starts an extraction on the host's side of the mount, or in the container. */
function startExtraction(where: 'host' | 'container', pause = 0, file = pdf) {
  const environment = { ...ENGINE_ENVIRONMENT, ENGINE_PAUSE_SECONDS: String(pause) };
  if (where === 'host') {
    return spawn('/usr/bin/python3', [...COMMAND, file], {
      cwd: host,
      env: { ...process.env, ...environment },
    });
  }
  const variables = Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const arguments_ = ['exec', '-w', '/app', ...variables, container.name, 'python3', ...COMMAND, file];
  return spawn(container.command, arguments_);
}

async function extract(where: 'host' | 'container', pause = 0): Promise<string[]> {
  const child = startExtraction(where, pause);
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${where}: ${code} ${complaint}`);
  return versionsIn(output);
}

describe('an engine in a container', () => {
  test('is deployed to with the container’s own interpreter and paths, packages from the release included', async () => {
    const result = await converse((client) => deployVersion(client, '1'));
    expect(result).toMatchObject({ status: 'deployed', basePath: '/app', dependencies: { status: 'built' } });
    expect(result).toMatchObject({ host: 'localhost', container: container.name });
    expect(result.notices).toBeUndefined();
    expect(liveTree(host)['wheels/keywords-1-py3-none-any.whl']).toBe(
      treeOf(source)['wheels/keywords-1-py3-none-any.whl'],
    );
    expect(await extract('container')).toEqual(['1']);
    // The host sees the same tree under another path, and runs it with the same environment.
    expect(await extract('host')).toEqual(['1']);
  });

  test('is checked there, and stays as it is when a check does not pass', async () => {
    const checks = [checkOf({ name: 'in the container', command: 'test -e /run/.containerenv' })];
    await converse((client) => deployVersion(client, '2', { checks }));
    const refused = await thrownBy(
      converse((client) =>
        deployVersion(client, '3', { checks: [checkOf({ name: 'never', command: 'test -e /nowhere' })] }),
      ),
    );
    expect(refused.message).toMatch(/^Check “never” did not pass/);
    expect(refused.message).toContain(` is live in /app in the container ${container.name}; `);
    expect(await extract('host')).toEqual(['2']);
  });

  test('is rolled back, listed and looked at', async () => {
    await converse((client) => rollBack(client, { target: 'previous' }, options()));
    expect(await extract('container')).toEqual(['1']);
    const { releases } = await converse((client) => listReleases(client, asBasePath('/app')));
    expect(releases.map(({ environment }) => environment?.packages)).toEqual([
      [{ name: 'keywords', version: '2' }],
      [{ name: 'keywords', version: '1' }],
    ]);
    const status = await converse((client) => getStatus(client, options()));
    expect(status).toMatchObject({ state: 'live', environment: { ailment: null }, user: 'root' });
  });

  test('P4: what runs on the one side is not removed from the other', async () => {
    execFileSync('mkfifo', [join(host, HELD)]);
    for (const where of ['host', 'container'] as const) {
      const running = startExtraction(where, 0, HELD);
      // Opening it waits for the extraction, which waits for the content then.
      const document = await open(join(host, HELD), 'w');
      const { releases } = await converse((client) => listReleases(client, asBasePath('/app')));
      const leased = releases.find(({ state }) => state === 'live');
      expect(leased?.processes).toBeGreaterThanOrEqual(1);
      // Two further releases: the running one is neither live nor previous any more.
      await appendFile(join(source, 'src', 'stages.py'), `\n# ${where} 1\n`);
      await converse((client) => deployVersion(client, '2'));
      await appendFile(join(source, 'src', 'stages.py'), `# ${where} 2\n`);
      await converse((client) => deployVersion(client, '3'));
      const prune = (client: ExecutorClient) =>
        pruneReleases(client, options(), { keepReleases: 1, keepBackups: 1 });
      const [other, base] = where === 'host' ? [inside(), '/app'] : [hostPython(), host];
      await converse(
        (client) => pruneReleases(client, options({ basePath: base }), { keepReleases: 1, keepBackups: 1 }),
        other,
      );
      expect(readdirSync(join(host, 'releases'))).toContain(leased?.release);
      const ended = once(running, 'close');
      await document.writeFile(await readFile(pdf));
      await document.close();
      expect(await ended).toEqual([0, null]);
      await converse(prune);
      expect(readdirSync(join(host, 'releases'))).not.toContain(leased?.release);
    }
  });

  test('P5: when what connects to it is killed, the executor inside goes back by itself', async () => {
    const before = liveTree(host);
    const check = checkOf({
      type: 'python',
      name: 'slow',
      when: 'after',
      code: 'import time; time.sleep(60)',
      timeoutSeconds: 90,
    });
    const client = await ExecutorClient.open(connectLocal(), { interpreter: inside() });
    const started = performance.now();
    const refused = await thrownBy(
      deployVersion(client, '1', {
        checks: [check],
        onStep: ({ step, phase }: { step: string; phase: string }) => {
          if (step === 'check after the switch' && phase === 'start') {
            execFileSync('pkill', ['-KILL', '-f', `podman.* exec -i -- ${container.name} /usr/bin/python3`]);
          }
        },
      }),
    );
    expect(refused.code).toBe('LOST');
    // The next operation gets the lock as soon as the one inside has put things right.
    const status = await converse((again) =>
      pruneReleases(again, { ...options(), lockWaitSeconds: 10 }, { keepReleases: 10, keepBackups: 10 }).then(
        () => getStatus(again, options()),
      ),
    );
    // Silence alone would be noticed after a minute.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(status.unconfirmedSwitch).toBeNull();
    expect(liveTree(host)).toEqual(before);
  });
});

test('P1: host and container extract from one tree while versions and packages change: none failed, none mixed', async () => {
  const flips = 24;
  const seen: string[][] = [];
  let going = true;
  const work = async (where: 'host' | 'container') => {
    try {
      while (going) seen.push(await extract(where));
    } finally {
      // One that fails ends all of it: nobody waits for further ones.
      going = false;
    }
  };
  const workers = [work('host'), work('host'), work('container')];
  await converse(async (client) => {
    const releases = [];
    for (const version of VERSIONS) {
      await appendFile(join(source, 'src', 'stages.py'), `# round ${version}\n`);
      releases.push((await deployVersion(client, version)).release);
    }
    for (let flip = 0; flip < flips; flip++) {
      const target = { target: 'release', release: releases[flip % releases.length] } as const;
      await rollBack(client, target, options());
      const reached = seen.length + 3;
      while (seen.length < reached && going) await new Promise((resolve) => setImmediate(resolve));
    }
  }).finally(() => (going = false));
  await Promise.all(workers);
  expect(seen.length).toBeGreaterThan(flips * 3);
  expect(seen.filter((versions) => versions.length !== 1)).toEqual([]);
  expect(new Set(seen.flat())).toEqual(new Set(VERSIONS));
});

test('a plan for an engine on the host names the container that sees it, and what to choose', async () => {
  const beside = join(host, 'beside');
  const [first, next] = await engineVersions(make, 'base', 'v2');
  cpSync(first, beside, { recursive: true });
  const bundle = await openDirectory({ directory: next, selection: SELECTION });
  const planOn = async (where: InterpreterOptions, basePath: string) => {
    const { dependencies } = deployOptions(basePath);
    const wanted = options({ basePath: asBasePath(basePath), dependencies });
    const { findings } = await converse((client) => planDeployment(client, bundle, wanted), where);
    return findings.filter(({ kind }) => kind === 'mountedInContainer').map(({ sentence }) => sentence);
  };
  const sentences = await planOn(hostPython(), beside);
  expect(sentences).toEqual([
    expect.stringContaining(`${container.name} (as /app/beside), and checks run with`),
  ]);
  expect(sentences[0]).toContain('set Runtime to Container and name it in Container.');
  expect(await planOn(inside(), '/app/beside')).toEqual([]);
  rmSync(beside, { recursive: true });
});

test('over SSH, with sudo in front of the container program', async () => {
  const sshd = await startSshd();
  const user = createSystemUser();
  const forget = allowSudo(user.username, `ALL=(root) NOPASSWD: ${container.command}`);
  try {
    const connection = await connectSsh(withKey(sshd, { username: user.username }));
    const status = await converse(
      (client) => getStatus(client, options()),
      inside({ become: 'sudo' }),
      connection,
    );
    expect(status).toMatchObject({ state: 'live', basePath: '/app' });
    await connection.close();
  } finally {
    forget();
    user.remove();
    await sshd.stop();
  }
});

test('P2, P5: a container that is stopped after a switch leaves it unconfirmed, and the next one decides', async () => {
  const tree = await make('stopped');
  const first = startContainer([{ host: tree }]);
  const at = ({ name }: Container) => inside({ container: name });
  const { release } = await converse((client) => deployVersion(client, '1'), at(first));
  const onStep: SwitchOptions['onStep'] = ({ step, phase }) => {
    if (step === 'check after the switch' && phase === 'start') first.stop();
  };
  const checks = [checkOf({ name: 'slow', when: 'after', command: 'sleep 30' })];
  const cut = await thrownBy(converse((client) => deployVersion(client, '2', { checks, onStep }), at(first)));
  expect(cut.code).toBe('LOST');
  expect(cut.message).toContain(`${release} was live in /app in the container ${first.name}, and`);
  expect(cut.message).toContain('may be now, unconfirmed');

  const anew = startContainer([{ host: tree }]);
  try {
    const { unconfirmedSwitch } = await converse((client) => getStatus(client, options()), at(anew));
    expect(unconfirmedSwitch).toMatchObject({ from: release, to: cut.details.attempted });
    const never = [checkOf({ name: 'never', when: 'after', command: 'false' })];
    const refused = await thrownBy(
      converse((client) => deployVersion(client, '3', { checks: never }), at(anew)),
    );
    expect(refused.details.settled).toMatchObject({ outcome: 'reverted' });
    expect(await converse((client) => getStatus(client, options()), at(anew))).toMatchObject({ release });
  } finally {
    anew.stop();
  }
});

describe('what stands in the way is a sentence:', () => {
  const refusal = (changes: Partial<InterpreterOptions>) =>
    thrownBy(converse(async () => undefined, inside(changes)));

  test('a container that does not exist', async () => {
    expect((await refusal({ container: 'nowhere' })).message).toBe(
      'There is no container nowhere on this machine.',
    );
  });

  test('a container that is stopped', async () => {
    const stopped = createStoppedContainer();
    try {
      const { message, description } = await refusal({ container: stopped.name });
      expect(message).toBe(`The container ${stopped.name} on this machine is not running.`);
      expect(description).toMatch(/^Start it, then run again\./);
    } finally {
      stopped.stop();
    }
  });

  test('a container without Python', async () => {
    const { message, description } = await refusal({ python: 'python3.99' });
    expect(message).toBe(`python3.99 can't be started on this machine, in container ${container.name}.`);
    expect(description).toMatch(/^Install Python 3\.8 or newer there/);
  });

  test('a script for Container Command that adds an exec of its own', async () => {
    const script = join(await make('script'), 'in-engine');
    fakeInterpreter(script, `exec ${container.command} exec -i ${container.name} "$@"`);
    const { message, description } = await refusal({ containerCommand: script });
    expect(message).toBe(`${script} on this machine starts a program “exec” in container ${container.name}.`);
    expect(description).toContain(
      `It is started as “${script} exec -i -- ${container.name} /usr/bin/python3 …”`,
    );
  });

  test('a container program that is not installed, here or on a host', async () => {
    expect((await refusal({ containerCommand: 'nerdctl' })).message).toMatch(
      /^The program "nerdctl" was not found/,
    );
    const sshd = await startSshd();
    const connection = await connectSsh(withKey(sshd));
    const remote = await thrownBy(
      converse(async () => undefined, inside({ containerCommand: 'nerdctl' }), connection),
    );
    expect(remote.message).toMatch(/^There is no nerdctl on /);
    await connection.close();
    await sshd.stop();
  });

  test('no mount at all: what is deployed is gone with the container, as the plan and the result say', async () => {
    const alone = startContainer([]);
    try {
      const interpreter = inside({ container: alone.name });
      const bundle = await openDirectory({ directory: source, selection: SELECTION });
      const plan = await converse((client) => planDeployment(client, bundle, options()), interpreter);
      const lies = expect.stringContaining(
        `/app in the container ${alone.name} lies in the container’s own layer`,
      );
      expect(plan.notices).toEqual([
        `/app in the container ${alone.name} does not exist; a deployment makes it.`,
        lies,
      ]);
      expect((await converse((client) => deployVersion(client, '1'), interpreter)).notices).toEqual([lies]);
    } finally {
      alone.stop();
    }
  });

  test('a user who may not write there', async () => {
    const tree = await make('another’s');
    chmodSync(tree, 0o755);
    const closed = startContainer([{ host: tree }]);
    const user = join(await make('command'), 'as-user');
    await writeFile(user, `#!/bin/sh\nshift\nexec ${container.command} exec --user 1000 "$@"\n`, {
      mode: 0o755,
    });
    try {
      const interpreter = inside({ container: closed.name, containerCommand: user });
      const bundle = await openDirectory({ directory: source, selection: SELECTION });
      const plan = await converse((client) => planDeployment(client, bundle, options()), interpreter);
      expect(plan.notices.join()).toContain(`in the container ${closed.name} may not write to /app.`);
      const refused = await thrownBy(converse((client) => deployVersion(client, '1'), interpreter));
      expect(refused.description).toContain('a script that adds --user');
    } finally {
      closed.stop();
    }
  });

  test('a mount that is read-only', async () => {
    const tree = await make('read-only');
    const readOnly = startContainer([{ host: tree, readOnly: true }]);
    try {
      const refused = await thrownBy(
        converse((client) => deployVersion(client, '1'), inside({ container: readOnly.name })),
      );
      expect(`${refused.message} ${refused.description}`).toMatch(/[Rr]ead-only.*[Mm]ount it writable/s);
      expect(readdirSync(tree)).toEqual([]);
    } finally {
      readOnly.stop();
    }
  });
});
