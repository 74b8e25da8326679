import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** A process that was started with a test's own temporary directory. */
export interface OwnProcess {
  pid: number;
  command: string;
}

/** The processes, but not this one, whose TMPDIR is the given directory: they are the test's, whoever their parent is. */
export function ownProcesses(temporary: string): OwnProcess[] {
  const found: OwnProcess[] = [];
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      if (Number(name) === process.pid || !environment.includes(`TMPDIR=${temporary}`)) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (command !== '') found.push({ pid: Number(name), command });
    } catch {
      // It ended in the same instant.
    }
  }
  return found;
}

/** Waits until none is left; those that are still there when it has waited for long. */
export async function remainingProcesses(temporary: string, milliseconds: number): Promise<OwnProcess[]> {
  const end = performance.now() + milliseconds;
  let left = ownProcesses(temporary);
  for (; left.length > 0 && performance.now() < end; left = ownProcesses(temporary)) await after(20);
  return left;
}
