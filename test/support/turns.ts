import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The longest stretch of work, in milliseconds, that this process's main thread did between two turns of its event loop.
 *
 * It is the thread's own time on a processor that counts, as the kernel says it: on a busy machine the clock would count
 * the others' work, too. Where the kernel doesn't say it, it is the clock after all.
 */
export function watchTurns(): { longest(): number; reset(): void; stop(): void } {
  const used = processorTime();
  let longest = 0;
  let last = used();
  let running = true;
  const turn = (): void => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    longest: () => Math.max(longest, used() - last),
    reset: () => void (longest = 0),
    stop: () => void (running = false),
  };
}

/** Reads the main thread's time on a processor, in milliseconds. */
function processorTime(): () => number {
  const buffer = Buffer.alloc(128);
  const descriptor = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const read = (): number =>
    Number(buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0)).split(' ')[0]) /
    1e6;
  if (read() > 0) return read;
  closeSync(descriptor);
  return () => performance.now();
}
