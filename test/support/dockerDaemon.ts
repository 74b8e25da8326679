import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Debian's packages of Docker, unpacked: installed, they would start a daemon for the whole machine. */
const UNPACKED = join(__dirname, '../../node_modules/.cache/docker');
const PACKAGES = ['docker.io', 'containerd'];
const LONGEST_START_SECONDS = 60;

/** Docker's own daemon, of this test's own, without a network. */
export interface DockerDaemon {
  /** Runs `docker` with words, and returns what it said. */
  docker: (...words: string[]) => string;
  /** What `docker` is called by from anywhere. */
  command: readonly string[];
  stop: () => Promise<void>;
}

/** Starts one; its images and containers go with it. */
export async function startDockerDaemon(): Promise<DockerDaemon> {
  const programs = ['usr/sbin', 'usr/bin'].map((directory) => join(unpacked(), directory));
  const env = { ...process.env, PATH: `${programs.join(':')}:${process.env.PATH}` };
  const place = mkdtempSync(join(tmpdir(), 'hot-deploy-docker-'));
  const socket = `unix://${place}/socket`;
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none'];
  const places = [
    '--data-root',
    `${place}/root`,
    '--exec-root',
    `${place}/exec`,
    '--pidfile',
    `${place}/pid`,
  ];
  const daemon = spawn('dockerd', [...network, '--storage-driver=vfs', ...places, '-H', socket], {
    env,
    stdio: 'ignore',
  });
  const docker = (...words: string[]): string =>
    execFileSync('docker', ['-H', socket, ...words], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const stop = async (): Promise<void> => {
    await ended(daemon);
    rmSync(place, { recursive: true, force: true });
  };
  try {
    await answering(() => docker('version'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { docker, command: [join(unpacked(), 'usr/bin/docker'), '-H', socket], stop };
}

function unpacked(): string {
  if (existsSync(UNPACKED)) return UNPACKED;
  const made = mkdtempSync(join(tmpdir(), 'hot-deploy-packages-'));
  execFileSync('apt-get', ['download', '-qq', ...PACKAGES], {
    cwd: made,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const files = readdirSync(made).filter((name) => name.endsWith('.deb'));
  for (const file of files) execFileSync('dpkg-deb', ['-x', join(made, file), join(made, 'unpacked')]);
  mkdirSync(join(UNPACKED, '..'), { recursive: true });
  execFileSync('cp', ['-r', join(made, 'unpacked'), `${UNPACKED}.new`]);
  renameSync(`${UNPACKED}.new`, UNPACKED);
  rmSync(made, { recursive: true });
  return UNPACKED;
}

async function answering(ask: () => unknown): Promise<void> {
  for (let until = Date.now() + LONGEST_START_SECONDS * 1000; ;) {
    try {
      ask();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await pause(100);
    }
  }
}

async function ended(daemon: ChildProcess): Promise<void> {
  const end = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await end;
}
