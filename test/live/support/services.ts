import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { freePorts } from './ports';
import { Server } from './process';

const run = promisify(execFile);

const POSTGRES = '/usr/lib/postgresql';
/** PostgreSQL refuses to be root's; its package brings this user. */
const AS_POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'];

/** Something that n8n's queue mode needs, on a port of its own. */
export interface Service {
  server: Server;
  port: number;
  stop(): Promise<void>;
}

/** A Redis that keeps nothing. */
export async function startRedis(): Promise<Service> {
  const [port] = await freePorts(1);
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = Server.start('redis', ['redis-server', ...settings], { PATH: process.env.PATH });
  await server.logged(/Ready to accept connections/);
  return { server, port, stop: () => server.stop() };
}

/** A PostgreSQL whose user `n8n` needs no password, with the database `postgres`. */
export async function startPostgres(): Promise<Service> {
  const [port] = await freePorts(1);
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const prefix = isRoot ? AS_POSTGRES : [];
  if (isRoot) await run('chown', ['postgres:', directory]);
  const [program, ...args] = [
    ...prefix,
    join(binaries(), 'initdb'),
    '-D',
    directory,
    '-U',
    'n8n',
    '-A',
    'trust',
    '-N',
  ];
  await run(program, args, { cwd: directory });
  const settings = [
    ...['-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1'],
    ...['-c', `unix_socket_directories=${directory}`, '-c', 'fsync=off'],
  ];
  const command = [...prefix, join(binaries(), 'postgres'), '-D', directory, ...settings];
  const server = Server.start('postgres', command, { PATH: process.env.PATH });
  await server.logged(/database system is ready to accept connections/);
  const stop = async (): Promise<void> => {
    await server.stop('SIGINT');
    await rm(directory, { recursive: true, force: true });
  };
  return { server, port, stop };
}

/** Of the newest version that is installed. */
function binaries(): string {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : [];
  const directories = versions
    .sort((a, b) => Number(a) - Number(b))
    .map((version) => join(POSTGRES, version, 'bin'))
    .filter((directory) => existsSync(join(directory, 'postgres')));
  const newest = directories.at(-1);
  if (!newest) throw new Error(`The queue mode's tests need PostgreSQL below ${POSTGRES}.`);
  return newest;
}
