import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where programs for the administrator are, which not every shell's PATH names. */
const PLACES = ['/usr/sbin', '/sbin', '/usr/bin'];

/** Mounts file systems for as long as a test file runs. To be called before whatever removes the directories. */
export function temporaryMounts(): {
  /** Mounts a file system of a type at a directory, and returns the directory. */
  mount: (path: string, type: string, options: string, source?: string) => string;
  /** Makes a file system of a type, so many MiB large, in a file, and mounts it at a directory. */
  mountNew: (path: string, type: string, megabytes: number) => string;
  /** Makes and mounts an ext4 that becomes read-only on its first error, as distributions mount theirs. */
  mountFailing: (path: string, image: string, megabytes: number) => FailingDisk;
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
    makeFileSystem(image, type, megabytes);
    return mount(path, type, 'loop', image);
  };
  const mountFailing = (path: string, image: string, megabytes: number): FailingDisk => {
    makeFileSystem(image, 'ext4', megabytes);
    const options = 'loop,errors=remount-ro';
    mount(path, 'ext4', options, image);
    return {
      fail: () => writeFileSync(`/sys/fs/ext4/${loopOf(path)}/trigger_fs_error`, 'for a test'),
      repair: () => {
        execFileSync('umount', [path]);
        // Any process with mounts of its own, of any test, still has the failed one: the image can’t be
        // used for another as long as it does, and a copy can.
        const copy = `${image}-repaired`;
        copyFileSync(image, copy);
        // Ends with 1 when it has repaired something, which it has.
        spawnSync(program('e2fsck'), ['-fy', copy]);
        execFileSync('mount', ['-t', 'ext4', '-o', options, copy, path]);
      },
    };
  };
  return { mount, mountNew, mountFailing };
}

interface FailingDisk {
  /** Has the kernel find an error, even while files are open for writing: nothing can be written from now on. */
  fail: () => void;
  /** Repairs the file system and mounts it again. */
  repair: () => void;
}

function makeFileSystem(image: string, type: string, megabytes: number): void {
  writeFileSync(image, '');
  truncateSync(image, megabytes * 1024 ** 2);
  execFileSync(program(`mkfs.${type}`), ['-q', image], { stdio: 'pipe' });
}

/** Name of the block device of a mount. */
function loopOf(path: string): string {
  const source = execFileSync('findmnt', ['-no', 'SOURCE', path], { encoding: 'utf8' });
  return basename(source.trim());
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
