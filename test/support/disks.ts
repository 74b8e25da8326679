import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where programs for the administrator are, which not every shell's PATH names. */
const PLACES = ['/usr/sbin', '/sbin', '/usr/bin'];

/** Mounts file systems for as long as a test file runs. To be called before whatever removes the directories. */
export function temporaryMounts(): {
  /** Mounts a file system of a type at a directory, and returns the directory. */
  mount: (path: string, type: string, options: string, source?: string) => string;
  /** Makes a file system of a type, so many MiB large, in a file, and mounts it at a directory. */
  mountNew: (path: string, type: string, megabytes: number) => string;
} {
  const mounts: string[] = [];
  afterAll(() => {
    for (const path of mounts.reverse()) execFileSync('umount', [path]);
  });
  const mount = (path: string, type: string, options: string, source = type): string => {
    execFileSync('mount', ['-t', type, '-o', options, source, path]);
    mounts.push(path);
    return path;
  };
  const mountNew = (path: string, type: string, megabytes: number): string => {
    const image = join(path, 'image');
    writeFileSync(image, '');
    truncateSync(image, megabytes * 1024 ** 2);
    execFileSync(program(`mkfs.${type}`), ['-q', image], { stdio: 'pipe' });
    return mount(path, type, 'loop', image);
  };
  return { mount, mountNew };
}

function program(name: string): string {
  return PLACES.map((place) => join(place, name)).find((path) => existsSync(path)) ?? name;
}

/** Whether this machine's kernel has such a file system. */
export function hasFileSystem(type: string): boolean {
  const known = (): boolean =>
    new RegExp(`^\\t${type}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
  if (known()) return true;
  try {
    execFileSync(program('modprobe'), ['-q', type], { stdio: 'ignore' });
  } catch {
    return false;
  }
  return known();
}
