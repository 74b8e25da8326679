import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';

/** Enough for a machine that is busy with other tests; a quiet one needs the first. */
const ATTEMPTS = 30;
const GOOD_MS = 50;
const RESOLUTION_MS = 5;

/**
 * The longest time in milliseconds for which `action` kept the event loop from turning, in the best of some attempts:
 * what blocks it blocks it every time, while other processes of a busy machine don't stop it in all of them.
 */
export async function leastDelay(action: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && least >= GOOD_MS; attempt += 1) {
    const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    monitor.enable();
    // The monitor sees what lies between two of its own timers: one has to fire before the action and one after it.
    await after(3 * RESOLUTION_MS);
    await action();
    await after(3 * RESOLUTION_MS);
    monitor.disable();
    least = Math.min(least, monitor.max / 1e6);
  }
  return least;
}
