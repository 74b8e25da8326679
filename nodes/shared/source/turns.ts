import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long work that pauses where others may get their turn: `yield` after every few hundred entries. */
export type Steps<T> = Generator<void, T>;

/** How many entries of a tree are worth looking at the clock. */
const A_FEW = 500;
/** n8n must never stand still for 50 ms, on a slow machine neither. */
const AT_ONCE_MS = 8;

/** Does it all at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Does it bit by bit, and lets n8n do other work in between. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  let began = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < AT_ONCE_MS) continue;
    await nextTurn();
    began = performance.now();
  }
}

/** What is iterated, with a pause after every few. */
export function* withPauses<T>(items: Iterable<T>, each: (item: T) => void): Steps<void> {
  let seen = 0;
  for (const item of items) {
    each(item);
    seen += 1;
    if (seen % A_FEW === 0) yield;
  }
}
