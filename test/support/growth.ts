/** How the time that a reading takes grows with what is read: by processor time, and asked again before it is believed. */

/** What is too short to be measured, in microseconds of processor time. */
const FLOOR = 6000;

/** How often it is asked again: a machine that is busy otherwise disturbs a reading or two. */
const ATTEMPTS = 10;

/** The least processor time of some readings, in microseconds; one that took no more than `enough` is the last. */
function costOf(
  read: (text: string) => unknown,
  text: string,
  times: number,
  enough: number = FLOOR / 4,
): number {
  let least = Infinity;
  for (let time = 0; time < times && least > enough; time += 1) {
    const before = process.cpuUsage();
    try {
      read(text);
    } catch {
      // Refusing it is an answer.
    }
    least = Math.min(least, process.cpuUsage(before).user);
  }
  return least;
}

/** Whether the long text takes more than `factor` times what the short one takes, each time that it is asked. */
export function growsFaster(
  read: (text: string) => unknown,
  short: string,
  long: string,
  factor: number,
): boolean {
  if (costOf(read, long, 2, factor * FLOOR) <= factor * FLOOR) return false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const limit = factor * Math.max(FLOOR, costOf(read, short, 4));
    if (costOf(read, long, 4) <= limit) return false;
  }
  return true;
}
