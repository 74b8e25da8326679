import { setTimeout as after } from 'node:timers/promises';

import { leastDelay } from './eventLoop';
import { leastHeld } from './memory';

const MB = 1024 ** 2;

test('what keeps the event loop from turning is noticed, and what lets it turn is not', async () => {
  const blocking = async (): Promise<void> => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  };
  // Less than it slept: how long it waited for a processor after that is taken off in the best of ten attempts.
  expect(await leastDelay(blocking)).toBeGreaterThan(100);
  expect(await leastDelay(() => after(200))).toBeLessThan(50);
});

test('memory that is held is noticed, and what nobody holds any more is not', async () => {
  const gathering =
    (kept: number) =>
    async (looked: () => Promise<void>): Promise<void> => {
      const pieces: Buffer[] = [];
      for (let index = 0; index < 100; index += 1) {
        const piece = Buffer.alloc(MB);
        if (index < kept) pieces.push(piece);
        await after(1);
      }
      await looked();
      expect(pieces).toHaveLength(kept);
    };
  expect(await leastHeld(gathering(100))).toBeGreaterThan(90 * MB);
  expect(await leastHeld(gathering(0))).toBeLessThan(20 * MB);
});
