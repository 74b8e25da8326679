/** The documented unit of a service, with a real systemd's, on a kernel of its own: says what answers, step by step. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { connectLocal } from '../../nodes/shared/connection/local';
import { NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import { ExecutorClient } from '../../nodes/shared/executor/client';
import { deploy } from '../../nodes/shared/operations/deploy';
import { openDirectory } from '../../nodes/shared/source/directory';
import { AskingInside } from './askingInside';
import { SELECTION, serverModules, serviceFiles, unit } from './documentedSetups';
import { asBasePath, asEntrypoint } from './named';
import { say } from './ownKernel';
import { writeTree } from './tree';
import { until } from './until';

/** The root can't be written to there. */
const base = '/run/app';
const LONGEST_MS = 60_000;

async function deployVersion(version: string): Promise<unknown> {
  const directory = `/run/versions/${version}`;
  await writeTree(directory, serviceFiles(version));
  const client = await ExecutorClient.open(connectLocal(), {
    interpreter: { python: '/usr/bin/python3', become: 'none', runtime: 'host' },
  });
  try {
    const { service } = await deploy(client, await openDirectory({ directory, selection: SELECTION }), {
      basePath: asBasePath(base),
      entrypoint: asEntrypoint(''),
      lockWaitSeconds: 0,
      holder: { workflow: 'Test' },
      checks: [],
      keepReleases: 5,
      keepBackups: 0,
      createBackup: false,
      deployUnchanged: false,
      dependencies: NO_DEPENDENCIES,
      selection: SELECTION,
      service: { method: 'auto', readySeconds: 60, drainSeconds: 10, keepOldSeconds: 0 },
    });
    return service?.method;
  } finally {
    await client.close();
  }
}

const systemctl = (...words: string[]) => execFileSync('systemctl', words, { encoding: 'utf8' }).trim();
const shown = (property: string) => systemctl('show', '--value', '-p', property, 'engine');

/** The service's processes, serve.py among them. */
function processes(): number[] {
  const group = '/sys/fs/cgroup/system.slice/engine.service';
  try {
    return readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Whether anything of the machine still runs the server or serve.py. */
function isAnyLeft(): boolean {
  return readdirSync('/proc').some((name) => {
    try {
      return /uvicorn main:app/.test(readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      return false;
    }
  });
}

async function first(): Promise<string> {
  const one = new AskingInside();
  const said = await one.first();
  await one.stop();
  return said;
}

function lay(): void {
  mkdirSync('/run/server', { recursive: true });
  writeFileSync('/run/server/uvicorn', '#!/usr/bin/python3\nfrom uvicorn.main import main\nmain()\n', {
    mode: 0o755,
  });
  mkdirSync('/run/systemd/system/engine.service.d', { recursive: true });
  writeFileSync('/run/systemd/system/engine.service', unit().replaceAll('/app', base));
  const environment = `PATH=/run/server:/usr/bin:/bin PYTHONPATH=${serverModules()}`;
  writeFileSync(
    '/run/systemd/system/engine.service.d/server.conf',
    `[Service]\nEnvironment=${environment}\n`,
  );
}

async function main(): Promise<void> {
  mkdirSync(base);
  lay();
  await deployVersion('0');
  systemctl('daemon-reload');
  systemctl('enable', '--runtime', '--now', 'engine');
  say({ name: 'start', enabled: systemctl('is-enabled', 'engine'), answer: await first() });
  const clients = new AskingInside();
  await clients.start();
  await clients.hold();
  const method = await deployVersion('1');
  const answer = await clients.first();
  const held = await clients.goOn();
  say({ name: 'hand-over', method, answer, held, counts: await clients.stop() });
  systemctl('stop', 'engine');
  say({
    name: 'stop',
    state: shown('ActiveState'),
    result: shown('Result'),
    left: processes(),
    isAnyLeft: isAnyLeft(),
  });
  await deployVersion('2');
  systemctl('start', 'engine');
  say({ name: 'started again', answer: await first() });
  systemctl('restart', 'engine');
  say({ name: 'restart', answer: await first() });
  const killed = Number(shown('MainPID'));
  process.kill(killed, 'SIGKILL');
  await until(() => !['0', String(killed)].includes(shown('MainPID')), LONGEST_MS);
  say({ name: 'crash', answer: await first(), restarts: Number(shown('NRestarts')) });
  say({ name: 'hand-over after', method: await deployVersion('3'), answer: await first() });
  systemctl('stop', 'engine');
}

void main();
