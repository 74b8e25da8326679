import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENGINE = ['--runtime', 'runc', '--cgroup-manager=cgroupfs'];
/** A test file that hangs must not leave containers behind for ever. */
const LIFETIME_SECONDS = 900;

/** A container that runs nothing, for tests to start programs in. */
export interface Container {
  name: string;
  /** What stands for `docker` in the option Container Command. */
  command: string;
  stop(): void;
}

/** Where a directory of the host appears in a container. */
export interface Mount {
  host: string;
  /** Default: `/app`. */
  inside?: string;
  readOnly?: boolean;
}

/** What a container is besides its mounts. */
export interface ContainerOptions {
  /** Whom its programs run as, `uid:gid`; default root. */
  user?: string;
  /** Without Python, and nearly everything else. */
  bare?: boolean;
  /** Path of a profile that says which system calls its programs may use; default: podman's own. */
  seccomp?: string;
  /** A capability that they have beside the usual ones. */
  capability?: string;
}

/**
 * Starts a container of a small Debian with Python, through podman and runc: there is no daemon to be had everywhere.
 * Its image is made once on each machine, which takes a minute.
 */
export function startContainer(
  mounts: Mount[],
  { user, bare, seccomp, capability }: ContainerOptions = {},
): Container {
  const [image, command] = bare ? [bareImage(), ['/bin/busybox', 'sleep']] : [debianImage(), ['sleep']];
  const name = `hot-deploy-${randomBytes(5).toString('hex')}`;
  const volumes = mounts.flatMap(({ host, inside = '/app', readOnly }) => [
    '-v',
    `${host}:${inside}${readOnly ? ':ro' : ''}`,
  ]);
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];
  podman(
    'run',
    '-d',
    '--rm',
    '--name',
    name,
    '--network',
    'none',
    ...limits,
    ...volumes,
    ...(user ? ['--user', user] : []),
    ...(capability ? ['--cap-add', capability] : []),
    ...(seccomp ? ['--security-opt', `seccomp=${seccomp}`] : []),
    image,
    ...command,
    String(LIFETIME_SECONDS),
  );
  const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-podman-'));
  return {
    name,
    command: writeCommand(directory),
    stop: () => {
      spawnSync('podman', [...ENGINE, 'rm', '-f', '-t', '0', name]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A container that was made and never started. */
export function createStoppedContainer(): Pick<Container, 'name' | 'stop'> {
  const image = debianImage();
  const name = `hot-deploy-${randomBytes(5).toString('hex')}`;
  podman('create', '--name', name, '--network', 'none', image, 'true');
  return { name, stop: () => void podman('rm', '-f', name) };
}

/** A program that is called like `docker` and is podman with the options this machine needs. */
function writeCommand(directory: string): string {
  const path = join(directory, 'podman');
  writeFileSync(path, `#!/bin/sh\nexec /usr/bin/podman ${ENGINE.join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
  chmodSync(directory, 0o755);
  return path;
}

function podman(...args: string[]): string {
  return execFileSync('podman', [...ENGINE, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function debianImage(): string {
  return image('localhost/hot-deploy-tests:1', (root) => {
    const include = '--include=python3,python3-venv';
    execFileSync('debootstrap', ['--variant=minbase', include, codename(), root, mirror()], {
      stdio: 'ignore',
    });
  });
}

/** Holds one program, and the libraries that it needs. */
function bareImage(): string {
  return image('localhost/hot-deploy-tests-bare:1', (root) => {
    const program = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
    const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
    cpSync(program, join(root, 'bin/busybox'));
    for (const [library] of stdout.matchAll(/\/\S+/g))
      cpSync(library, join(root, library), { dereference: true });
  });
}

/** Makes an image from the files that `fill` writes, where there is none of this name. */
function image(name: string, fill: (root: string) => void): string {
  if (spawnSync('podman', ['image', 'exists', name]).status === 0) return name;
  const root = mkdtempSync(join(tmpdir(), 'hot-deploy-image-'));
  try {
    fill(root);
    const archive = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 1 << 30 });
    execFileSync('podman', ['import', '-', name], { input: archive, stdio: ['pipe', 'ignore', 'ignore'] });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return name;
}

/** The Debian release of this machine, so that both sides have the same interpreter. */
function codename(): string {
  const release = readFileSync('/etc/os-release', 'utf8');
  return /^VERSION_CODENAME=(.+)$/m.exec(release)?.[1] ?? 'stable';
}

/** Where this machine gets its Debian packages from. */
function mirror(): string {
  const targets = ['indextargets', '--format', '$(REPO_URI)', `Codename: ${codename()}`];
  return execFileSync('apt-get', targets, { encoding: 'utf8' }).split('\n', 1)[0];
}
