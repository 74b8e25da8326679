import './alone';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';

/** For what a busy machine still adds: colder caches, and callbacks that pile up while others have the processor. */
const ATTEMPTS = 10;
const GOOD_MS = 50;
const RESOLUTION_MS = 5;

/**
 * The longest time in milliseconds for which `action` kept the event loop from turning, in the best of some attempts.
 * The time that this thread waited for a processor, which others had, is not counted: see {@link waitedMs}.
 */
export async function leastDelay(action: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && least >= GOOD_MS; attempt += 1) {
    least = Math.min(least, await longestDelay(action));
  }
  return least;
}

async function longestDelay(action: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = own();
  const turned = (): void => {
    const now = own();
    longest = Math.max(longest, now - last - RESOLUTION_MS);
    last = now;
  };
  const timer = setInterval(turned, RESOLUTION_MS);
  await action();
  // What blocked it to the very end is seen by the timer's next turn.
  await after(3 * RESOLUTION_MS);
  clearInterval(timer);
  return longest;
}

/** Milliseconds that passed while this thread ran or slept, but did not wait for a processor. */
function own(): number {
  return performance.now() - waitedMs();
}

/**
 * How long the main thread has been ready to run without running, in milliseconds: the second number of its schedstat,
 * see https://docs.kernel.org/scheduler/sched-stats.html.
 */
function waitedMs(): number {
  const [, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(waited) / 1e6;
}
