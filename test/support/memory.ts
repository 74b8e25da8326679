import { EventEmitter, once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Between two looks, in the time that one look takes: the collector must not keep what is measured from going on. */
const PAUSE = 2;

/** For what a collector that comes late still counts. */
const ATTEMPTS = 3;
const GOOD_BYTES = 64 * 1024 ** 2;

/** An action may await `looked`, which resolves once the memory was looked at again. */
type Action = (looked: () => Promise<void>) => Promise<unknown>;

/**
 * The most bytes that `action` makes this process hold at any time, beyond what it held before, in the best of some
 * attempts: what is really held is held in all of them. Looked at is what is left after a garbage collection, on the heap
 * and outside of it: when the collector runs by itself depends on the machine's load.
 */
export async function leastHeld(action: Action): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && least >= GOOD_BYTES; attempt += 1) {
    least = Math.min(least, await mostHeld(action));
  }
  return least;
}

async function mostHeld(action: Action): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const before = heldNow(collect);
  let most = 0;
  let timer: NodeJS.Timeout | undefined;
  const looks = new EventEmitter();
  const look = (): void => {
    const began = performance.now();
    most = Math.max(most, heldNow(collect) - before);
    timer = setTimeout(look, PAUSE * (performance.now() - began));
    looks.emit('look');
  };
  look();
  try {
    await action(async () => void (await once(looks, 'look')));
  } finally {
    clearTimeout(timer);
  }
  return most;
}

function heldNow(collect: () => void): number {
  collect();
  collect(); // Waits for the memory outside of the heap that the first one found unused and gives back beside.
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
