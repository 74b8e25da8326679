import './alone';
import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as after } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Between two looks, in the time that one look takes: the collector must not keep what is measured from going on. */
const PAUSE = 2;
/** Collections before memory counts as held. */
const ROUNDS = 4;

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
  const before = await heldNow(collect);
  let most = 0;
  let over = false;
  const looks = new EventEmitter();
  const looking = (async () => {
    while (!over) {
      const began = performance.now();
      most = Math.max(most, (await heldNow(collect)) - before);
      looks.emit('look');
      await after(PAUSE * (performance.now() - began));
    }
  })();
  try {
    await action(async () => void (await once(looks, 'look')));
  } finally {
    over = true;
    await looking;
  }
  return most;
}

/** What is left once collecting finds no more: memory outside of the heap is given back beside, some turns later. */
async function heldNow(collect: () => void): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    collect();
    await nextTurn();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}
