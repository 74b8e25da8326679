import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Debian's packages of Docker, unpacked: installed, they would start a daemon for the whole machine. */
const UNPACKED = join(__dirname, '../../node_modules/.cache/docker');
const PACKAGES = ['docker.io', 'containerd'];
const LONGEST_START_SECONDS = 60;
const LIFETIME_SECONDS = 900;
const IMAGE = 'merged:1';

/** Docker's own daemon, of this test's own, without a network. */
export interface DockerDaemon {
  /** Runs `docker` with words, and returns what it said. */
  docker: (...words: string[]) => string;
  /**
   * Starts a container that has nothing of its own: programs are this machine's, and what `above` holds is at `/srv`. Returns
   * what runs a program in `/srv/app` there.
   */
  start: (above: string, options: readonly string[]) => readonly string[];
  /** Starts a container of that kind that runs a command of its own, with `options`, and returns its id. */
  run: (options: readonly string[], command: readonly string[]) => string;
  /** A program that is called like `docker`, and reaches this daemon. */
  command: string;
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
    const running = docker('ps', '-q').split('\n').filter(Boolean);
    if (running.length > 0) docker('rm', '-f', ...running);
    await ended(daemon);
    rmSync(place, { recursive: true, force: true });
  };
  try {
    await answering(() => docker('version'));
  } catch (error) {
    await ended(daemon);
    throw error;
  }
  docker('import', merged(place), IMAGE);
  const run = (options: readonly string[], words: readonly string[]): string => {
    const mounts = ['-v', '/usr:/usr:ro', '-v', '/etc:/etc:ro'];
    return docker('run', '-d', '--network', 'none', ...mounts, ...options, IMAGE, ...words).trim();
  };
  const start = (above: string, options: readonly string[]): readonly string[] => {
    const container = run(['--rm', '-v', `${above}:/srv`, ...options], ['sleep', String(LIFETIME_SECONDS)]);
    return [join(unpacked(), 'usr/bin/docker'), '-H', socket, 'exec', '-i', '-w', '/srv/app', container];
  };
  const command = join(place, 'docker');
  writeFileSync(command, `#!/bin/sh\nexec ${join(unpacked(), 'usr/bin/docker')} -H ${socket} "$@"\n`, {
    mode: 0o755,
  });
  return { docker, start, run, command, stop };
}

/** An archive of an image that has nothing but links into `/usr`, which is mounted. */
function merged(directory: string): string {
  const root = join(directory, 'image');
  for (const name of ['usr', 'etc', 'srv', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  execFileSync('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
  return `${root}.tar`;
}

function unpacked(): string {
  if (existsSync(UNPACKED)) return UNPACKED;
  mkdirSync(dirname(UNPACKED), { recursive: true });
  const made = mkdtempSync(`${UNPACKED}-`);
  execFileSync('apt-get', ['download', '-qq', ...PACKAGES], {
    cwd: made,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const files = readdirSync(made).filter((name) => name.endsWith('.deb'));
  for (const file of files) execFileSync('dpkg-deb', ['-x', join(made, file), join(made, 'unpacked')]);
  try {
    renameSync(join(made, 'unpacked'), UNPACKED);
  } catch (error) {
    // Another test was faster.
    if (!existsSync(UNPACKED)) throw error;
  }
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
