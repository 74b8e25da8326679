/** Services that are units of a real systemd's, on a kernel of its own: says what became of each deployment. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { deploy } from '../../nodes/shared/operations/deploy';
import { DeployError } from '../../nodes/shared/errors';
import { connectLocal } from '../../nodes/shared/connection/local';
import { ExecutorClient } from '../../nodes/shared/executor/client';
import { NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import type { ReloadAction } from '../../nodes/shared/release/servicePolicy';
import { DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import { openDirectory } from '../../nodes/shared/source/directory';
import { asBasePath, asEntrypoint } from './named';
import { say } from './ownKernel';
import { answerOf, answers, writeServed } from './servedEngine';

const base = '/run/app';
const PORT = 8000;
const RUNTIME = '/run/user/0';
process.env.XDG_RUNTIME_DIR = RUNTIME;

async function deployVersion(name: string, unit: Partial<ReloadAction>, start = ''): Promise<object> {
  const directory = `/run/versions/${name}`;
  await writeServed(directory, name, start);
  const client = await ExecutorClient.open(connectLocal(), {
    interpreter: { python: '/usr/bin/python3', become: 'none', runtime: 'host' },
  });
  try {
    const { status, service } = await deploy(
      client,
      await openDirectory({ directory, selection: DEFAULT_SELECTION }),
      {
        basePath: asBasePath(base),
        entrypoint: asEntrypoint('run.py'),
        lockWaitSeconds: 0,
        holder: { workflow: 'Test' },
        // What ends at its start is not waited for.
        checks: unit.unit === undefined ? [] : [answers(PORT, start === '' ? 20 : 2)],
        keepReleases: 5,
        keepBackups: 0,
        createBackup: false,
        deployUnchanged: false,
        dependencies: NO_DEPENDENCIES,
        selection: DEFAULT_SELECTION,
        ...(unit.unit !== undefined && {
          service: { method: 'reload', reload: { by: 'unit', timeoutSeconds: 60, ...unit } },
        }),
      },
    );
    return { status, service };
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    return { code: error.code, message: error.message, description: error.description };
  } finally {
    await client.close();
  }
}

function unitOf(name: string, ...lines: string[]): void {
  mkdirSync('/run/systemd/system', { recursive: true });
  writeFileSync(join('/run/systemd/system', name), ['[Service]', ...lines, ''].join('\n'));
}

function systemctl(...words: string[]): void {
  execFileSync('systemctl', words, { stdio: 'inherit' });
}

const SERVICE = [
  `WorkingDirectory=${base}`,
  `ExecStart=/usr/bin/python3 .hot-deploy/launch.py python3 src/service.py ${PORT}`,
  `ExecReload=/bin/sh -c 'echo reloaded > ${base}/reloaded.txt'`,
];

async function attempt(
  name: string,
  version: string,
  unit: Partial<ReloadAction>,
  start = '',
): Promise<void> {
  const result = await deployVersion(version, unit, start);
  const expected = 'code' in result ? 'version 1' : `version ${version}`;
  say({ name, ...result, answer: await answerOf(PORT, expected) });
}

async function main(): Promise<void> {
  mkdirSync(base);
  await deployVersion('1', {});
  unitOf('engine.service', ...SERVICE);
  unitOf(
    'manager.service',
    'ExecStart=/lib/systemd/systemd --user',
    `Environment=XDG_RUNTIME_DIR=${RUNTIME}`,
    'Delegate=yes',
    'Type=notify',
  );
  mkdirSync(`${RUNTIME}/systemd/user`, { recursive: true });
  writeFileSync(`${RUNTIME}/systemd/user/mine.service`, ['[Service]', ...SERVICE, ''].join('\n'));
  systemctl('daemon-reload');
  systemctl('start', 'engine.service');
  await answerOf(PORT, 'version 1', 60_000);
  const engine: Partial<ReloadAction> = { unit: 'engine.service', unitAction: 'restart' };
  await attempt('broken', '2', engine, 'raise SystemExit(3)');
  await attempt('missing', '3', { unit: 'nothing.service', unitAction: 'restart' });
  await attempt('restart', '4', engine);
  const reloaded = await deployVersion('5', { ...engine, unitAction: 'reload' });
  say({ name: 'reload', ...reloaded, told: readFileSync(`${base}/reloaded.txt`, 'utf8').trim() });
  systemctl('stop', 'engine.service');
  systemctl('start', 'manager.service');
  systemctl('--user', 'start', 'mine.service');
  await answerOf(PORT, 'version 5', 60_000);
  await attempt('user unit', '6', { unit: 'mine.service', unitAction: 'restart', userUnit: true });
}

void main();
