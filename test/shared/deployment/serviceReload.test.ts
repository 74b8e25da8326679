/** `service: reload`: a service that keeps running is told, as part of the switch, and again when that is taken back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import { repairEngine } from '../../../nodes/shared/operations/repair';
import type { ReloadAction, ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import {
  bundleOf,
  deployOptions,
  deployTo,
  openClient,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { type DockerDaemon, startDockerDaemon } from '../../support/dockerDaemon';
import {
  answerOf,
  answers,
  endService,
  freePort,
  pidFileOf,
  superviseService,
  servedVersions,
} from '../../support/servedEngine';
import { thrownBy } from '../../support/thrown';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = servedVersions(make);
let base: string;
let port: number;
let supervisor: ChildProcess | undefined;

beforeEach(async () => {
  base = await make('app');
  port = await freePort();
  await deployTo(base, await version('1'));
  supervisor = superviseService(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
});

afterEach(async () => {
  if (supervisor) await endService(supervisor);
});

const reloadBy = (action: Partial<ReloadAction> & Pick<ReloadAction, 'by'>): ServiceOptions => ({
  method: 'reload',
  reload: { timeoutSeconds: 20, ...action },
});

const RESTART = ['sh', '-c', 'echo told >> told.txt; kill "$(cat engine.pid)"'];
const byCommand = (...command: string[]) => reloadBy({ by: 'command', command });
/** Empty for a process that has ended, whether or not anybody has asked for that. */
const commandOf = (pid: number) => {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};
const times = () => readFileSync(join(base, 'told.txt'), 'utf8').split('\n').length - 1;
const live = () => readlinkSync(join(base, 'current'));

test('without it, a service goes on answering with the old code', async () => {
  await deployTo(base, await version('2'), { checks: [answers(port)] });
  expect(await answerOf(port, 'version 2', 500)).toBe('version 1');
});

test('a command restarts it between the flip and the checks after the switch, and the gap is measured', async () => {
  const { service, steps } = await deployTo(base, await version('2'), {
    service: byCommand(...RESTART),
    checks: [answers(port)],
  });
  expect(await answerOf(port, 'version 2', 0)).toBe('version 2');
  expect(service).toEqual({ method: 'reload', milliseconds: expect.any(Number), gapMs: expect.any(Number) });
  expect(service?.gapMs).toBeGreaterThan(10);
  const names = steps.map(({ name }) => name);
  const [flip, reload, after] = ['switch', 'reload the service', 'check after the switch'].map((name) =>
    names.indexOf(name),
  );
  expect([flip, reload]).toEqual([(reload as number) - 1, (after as number) - 1]);
});

test('without a check that asks it, no gap is claimed', async () => {
  const { service } = await deployTo(base, await version('2'), { service: byCommand('true') });
  expect(service).toEqual({ method: 'reload', milliseconds: expect.any(Number) });
});

test('a version that does not come up: the switch is taken back, and the same is done again', async () => {
  const before = live();
  const broken = await version('2', 'raise SystemExit(3)');
  const error = await thrownBy(
    deployTo(base, broken, { service: byCommand(...RESTART), checks: [answers(port, 1)] }),
  );
  expect(error).toMatchObject({ code: 'CHECK', details: { reverted: true } });
  expect(live()).toBe(before);
  expect(times()).toBe(2);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
});

test('a command that fails: its last words are the reason, and the switch is taken back', async () => {
  const before = live();
  const failing = byCommand('sh', '-c', 'echo told >> told.txt; echo "no such service" >&2; exit 3');
  const error = await thrownBy(deployTo(base, await version('2'), { service: failing }));
  expect(error.message).toContain('The Reload Command could not be told of the new version (exit code 3).');
  expect(error.description).toContain('no such service');
  expect(error.message).toContain('is live');
  expect(live()).toBe(before);
  expect(times()).toBe(2);
  expect(error.details).toMatchObject({ complaint: expect.stringContaining('exit code 3') });
});

test('a command that never ends is ended, with all that it started', async () => {
  const hanging: ServiceOptions = {
    method: 'reload',
    reload: {
      by: 'command',
      command: ['sh', '-c', 'sleep 300 & echo $! > child.pid; wait'],
      timeoutSeconds: 1,
    },
  };
  const error = await thrownBy(deployTo(base, await version('2'), { service: hanging }));
  expect(error.description).toContain('It took longer than it may');
  const child = Number(readFileSync(join(base, 'child.pid'), 'utf8'));
  expect(commandOf(child)).toBe('');
});

test('what a command starts in the background goes on', async () => {
  await endService(supervisor as ChildProcess);
  const restart =
    'kill "$(cat own.pid)" 2>/dev/null; python3 src/service.py "$1" > service.log 2>&1 & echo $! > own.pid';
  const service = byCommand('sh', '-c', restart, 'restart', String(port));
  await deployTo(base, await version('2'), { service, checks: [answers(port)] });
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  process.kill(Number(readFileSync(join(base, 'own.pid'), 'utf8')), 'SIGTERM');
});

test('a program that is missing is named', async () => {
  const error = await thrownBy(
    deployTo(base, await version('2'), { service: byCommand('supervisorctl-x', 'restart') }),
  );
  expect(error.message).toContain('Neither PATH nor the base path has supervisorctl-x.');
});

describe('a signal to the process of a PID file', () => {
  const byFile = (path = 'engine.pid') => reloadBy({ by: 'pidFile', path, signal: 'TERM' });
  const message = async (path?: string): Promise<string> =>
    (await thrownBy(deployTo(base, await version('2'), { service: byFile(path) }))).message;

  test('is sent, by a path from the base path on, or an absolute one', async () => {
    await deployTo(base, await version('2'), { service: byFile(), checks: [answers(port)] });
    expect(await answerOf(port, 'version 2')).toBe('version 2');
    await deployTo(base, await version('3'), { service: byFile(pidFileOf(base)), checks: [answers(port)] });
    expect(await answerOf(port, 'version 3')).toBe('version 3');
  });

  test('is not sent where the file is missing, holds no number, or names one that has ended', async () => {
    expect(await message('none.pid')).toContain('none.pid is missing, so nobody was signalled');
    for (const content of ['', '-1', '0', '12 34', 'all']) {
      writeFileSync(join(base, 'odd.pid'), content);
      expect(await message('odd.pid')).toContain('holds no process id');
    }
    const ended = spawn('true');
    await once(ended, 'exit');
    writeFileSync(join(base, 'odd.pid'), String(ended.pid));
    expect(await message('odd.pid')).toContain('names a process that has ended');
  });

  test('P7: is not sent to a process that began after the file was written, or to another user’s', async () => {
    const foreign = spawn('sleep', ['60']);
    try {
      writeFileSync(join(base, 'odd.pid'), String(foreign.pid));
      utimesSync(join(base, 'odd.pid'), 1, 1);
      expect(await message('odd.pid')).toContain('was started after it was written');
      writeFileSync(join(base, 'odd.pid'), String(foreign.pid));
      chownSync(join(base, 'odd.pid'), 65534, 65534);
      expect(await message('odd.pid')).toContain('names another user’s process');
      expect(foreign.exitCode ?? foreign.signalCode).toBeNull();
    } finally {
      foreign.kill('SIGKILL');
    }
  });
});

test('a signal to whatever runs the old release and listens: no extraction gets it', async () => {
  const extraction = spawn('python3', [join(base, 'run.py'), '30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(extraction.stdout, 'data');
  const service = reloadBy({ by: 'processes', signal: 'TERM' });
  try {
    await deployTo(base, await version('2'), { service, checks: [answers(port)] });
    expect(await answerOf(port, 'version 2')).toBe('version 2');
    expect(extraction.exitCode ?? extraction.signalCode).toBeNull();
    // And taken back, those that run what came to nothing.
    const broken = await version('3', 'import os\nos.environ["PORT_OF_NOBODY"]');
    const error = await thrownBy(deployTo(base, broken, { service, checks: [answers(port, 1)] }));
    expect(error).toMatchObject({ code: 'CHECK', details: { reverted: true } });
    expect(await answerOf(port, 'version 2')).toBe('version 2');
  } finally {
    extraction.kill('SIGKILL');
  }
});

test('nobody who runs the old release and listens: said, and nothing has changed', async () => {
  await endService(supervisor as ChildProcess);
  const error = await thrownBy(
    deployTo(base, await version('2'), { service: reloadBy({ by: 'processes', signal: 'HUP' }) }),
  );
  expect(error.message).toContain('listens for connections, so nobody was signalled');
});

test('a rollback reloads it, too', async () => {
  await deployTo(base, await version('2'), { service: byCommand(...RESTART), checks: [answers(port)] });
  const { service } = await rollBackTo(
    base,
    { target: 'previous' },
    { service: byCommand(...RESTART), checks: [answers(port)] },
  );
  expect(service?.method).toBe('reload');
  expect(await answerOf(port, 'version 1', 0)).toBe('version 1');
});

test('P5: n8n that goes away between the switch and its checks: the service is told again, by the engine’s side', async () => {
  const before = live();
  const stopping = new AbortController();
  const client = await openClient({ signal: stopping.signal });
  const options = deployOptions(base, {
    service: byCommand(...RESTART),
    checks: [{ ...answers(port), http: { ...answers(port).http!, text: 'never said' }, timeoutSeconds: 60 }],
  });
  const deployed = thrownBy(deploy(client, await bundleOf(await version('2'), options), options));
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  stopping.abort();
  await deployed;
  await client.close();
  expect(live()).toBe(before);
  expect(times()).toBe(2);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
});

test('P5: the executor killed between the switch and its checks: whoever settles it reloads the service', async () => {
  const client = await openClient();
  const options = deployOptions(base, {
    service: byCommand(...RESTART),
    checks: [{ ...answers(port), http: { ...answers(port).http!, text: 'never said' }, timeoutSeconds: 60 }],
  });
  const deployed = thrownBy(deploy(client, await bundleOf(await version('2'), options), options));
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  process.kill(client.hello.processId, 'SIGKILL');
  await deployed;
  await client.close();
  const next = await openClient();
  const settling = { ...options, checks: [{ ...options.checks[0]!, timeoutSeconds: 1 }], dryRun: false };
  await repairEngine(next, settling);
  await next.close();
  expect(await answerOf(port, 'version 1')).toBe('version 1');
  expect(times()).toBe(3);
});

describe('a container', () => {
  let daemon: DockerDaemon;
  const { PATH } = process.env;
  beforeAll(async () => {
    daemon = await startDockerDaemon();
    process.env.PATH = `${join(daemon.command, '..')}:${PATH}`;
  });
  afterAll(async () => {
    process.env.PATH = PATH;
    await daemon.stop();
  });

  test('is restarted', async () => {
    await endService(supervisor as ChildProcess);
    const script = join(base, 'start.sh');
    await writeFile(script, 'readlink /srv/app/current >> /srv/app/started.txt; exec sleep 900\n');
    await chmod(script, 0o755);
    const started = () => readFileSync(join(base, 'started.txt'), 'utf8').split('\n').filter(Boolean);
    const options = [
      '--network',
      'none',
      '-v',
      `${base}:/srv/app`,
      '-v',
      '/usr:/usr:ro',
      '-v',
      '/etc:/etc:ro',
    ];
    const stop = ['--stop-timeout', '1', '--name', 'engine-7'];
    daemon.docker('run', '-d', ...options, ...stop, 'merged:1', 'sh', '/srv/app/start.sh');
    await until(() => started().length === 1);
    const { release } = await deployTo(base, await version('2'), {
      service: reloadBy({ by: 'container', container: 'engine-7' }),
    });
    await until(() => started().length === 2);
    expect(started().at(-1)).toBe(`releases/${release}`);
  });

  test('that is not there is said in docker’s words', async () => {
    const service = reloadBy({ by: 'container', container: 'engine-8' });
    const error = await thrownBy(deployTo(base, await version('2'), { service }));
    expect(error.message).toContain('Restarting the container could not be told');
    expect(error.description).toContain('engine-8');
  });
});
