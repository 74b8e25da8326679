/** Profiles that say which system calls programs in containers may use. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(__dirname, '../../docs/how-to/pin-in-place-in-docker.md');
/** That of Podman's package; it allows more than Docker's does. */
const PROFILE = '/usr/share/containers/seccomp.json';
/** What Docker's allows to programs with CAP_SYS_ADMIN only. */
const MOUNTING = ['unshare', 'setns', 'mount', 'umount', 'umount2', 'open_tree', 'move_mount'];

interface Profile {
  syscalls: { names: string[]; action: string; includes?: { caps?: string[] } }[];
}

/**
 * Writes into a directory `default.json`, which forbids mounts as Docker's own does, and `pin-in-place.json`, which the commands
 * of the page make of it.
 */
export async function writeProfiles(directory: string): Promise<void> {
  const { syscalls, ...others } = JSON.parse(readFileSync(PROFILE, 'utf8')) as Profile;
  const forbidding = syscalls.map(({ names, ...rule }) => {
    const free = rule.action === 'SCMP_ACT_ALLOW' && rule.includes?.caps === undefined;
    return { ...rule, names: free ? names.filter((name) => !MOUNTING.includes(name)) : names };
  });
  await writeFile(join(directory, 'default.json'), JSON.stringify({ ...others, syscalls: forbidding }));
  const [, commands] = /```bash\n([^]*?)```/.exec(readFileSync(PAGE, 'utf8')) as unknown as [string, string];
  execFileSync('bash', ['-c', commands.replace(/^ {3}/gm, '')], { cwd: directory });
}
