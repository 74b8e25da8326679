import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { PYTHON } from '../test/support/deployment';

/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH: what the file system has not written down is forgotten, as without power. */
const SHUT_DOWN = `import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))`;

/** No commit but those that are asked for by fsync or sync; a rename does not bring its file's content to the disk. */
const OPTIONS = 'commit=3600,noauto_da_alloc';

/** An ext4 file system of its own, in a file, whose power can be cut. */
export class Disk {
  readonly path: string;
  private readonly image: string;

  private constructor(directory: string) {
    this.image = join(directory, 'disk.img');
    this.path = join(directory, 'disk');
  }

  /** Needs root and loop devices. */
  static create(directory: string, megabytes: number): Disk {
    const disk = new Disk(directory);
    mkdirSync(disk.path);
    execFileSync('truncate', ['-s', `${megabytes}M`, disk.image]);
    execFileSync('mkfs.ext4', ['-q', '-F', disk.image], { stdio: 'pipe' });
    disk.mount();
    return disk;
  }

  /** Writes everything down, as a machine does that has been running for a while. */
  sync(): void {
    execFileSync('sync', ['-f', this.path]);
  }

  /** Cuts the power and starts again: what had not been synced is gone. */
  async cutPower(): Promise<void> {
    execFileSync(PYTHON, ['-c', SHUT_DOWN, this.path]);
    await this.unmount();
    this.mount();
  }

  async close(): Promise<void> {
    await this.unmount();
    rmSync(this.image);
  }

  /**
   * On a device of its own each time: where another name space still has the file system from before the power was cut, as
   * a container has that began meanwhile, its device gives back that one.
   */
  private mount(): void {
    const device = execFileSync('losetup', ['--find', '--show', this.image], { encoding: 'utf8' }).trim();
    try {
      execFileSync('mount', ['-t', 'ext4', '-o', OPTIONS, device, this.path]);
    } finally {
      // Goes with the mount.
      execFileSync('losetup', ['--detach', device]);
    }
  }

  /** What the killed executor had started may need an instant to end. */
  private async unmount(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        execFileSync('umount', [this.path], { stdio: 'pipe' });
        return;
      } catch (error) {
        if (attempt === 200) throw error;
        await pause(25);
      }
    }
  }
}
