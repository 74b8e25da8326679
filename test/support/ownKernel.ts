import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
/** More than the longest script takes, also on a busy machine. */
const LIFETIME_MS = 240_000;
const BEGIN = 'said:';

/**
 * Runs a TypeScript file on a Linux of its own (user-mode Linux): a real kernel as an ordinary process, for what the kernel
 * of this machine, or whoever rules it, doesn't let tests have. Returns what it said by {@link say}. With `systemd` that is
 * process 1 there.
 *
 * @throws where that kernel didn't start, or the script failed
 */
export function onOwnKernel(script: string, systemd = false): Record<string, unknown>[] {
  const given = {
    ...(systemd && { SYSTEMD: '1' }),
    ROOT,
    NODE: process.execPath,
    TSX: require.resolve('tsx/cjs'),
    SCRIPT: script,
  };
  const { stdout, status, error } = spawnSync(
    'linux.uml',
    [
      ...['mem=1G', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'quiet'],
      ...['con=null', 'con0=null,fd:1', 'ssl=null', `init=${join(__dirname, 'ownKernel.sh')}`],
      ...Object.entries(given).map(([name, value]) => `${name}="${value}"`),
    ],
    { encoding: 'utf8', timeout: LIFETIME_MS, killSignal: 'SIGKILL', maxBuffer: 64 << 20 },
  );
  if (error) throw error;
  const said = stdout
    .split(/\r?\n/)
    .filter((line) => line.startsWith(BEGIN))
    .map((line) => JSON.parse(line.slice(BEGIN.length)) as Record<string, unknown>);
  const { ended } = said.pop() ?? {};
  if (ended !== 0) throw new Error(`The script on the other kernel failed (${ended ?? status}):\n${stdout}`);
  return said;
}

/** Says something to whoever started this script on a kernel of its own. */
export function say(facts: Record<string, unknown>): void {
  process.stdout.write(`${BEGIN}${JSON.stringify(facts)}\n`);
}
