import { setTimeout as after } from 'node:timers/promises';

import { leastDelay } from './eventLoop';
import { mostHeld } from './memory';

const MB = 1024 ** 2;

test('what keeps the event loop from turning is noticed, and what lets it turn is not', async () => {
  const blocking = async (): Promise<void> => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 80);
  };
  expect(await leastDelay(blocking)).toBeGreaterThan(70);
  expect(await leastDelay(() => after(80))).toBeLessThan(50);
});

test('memory that is held is noticed, and what nobody holds any more is not', async () => {
  const gathering = async (keep: Buffer[]): Promise<void> => {
    for (let index = 0; index < 100; index += 1) {
      const piece = Buffer.alloc(MB);
      if (index % 100 < keep.length) keep[index] = piece;
      await after(1);
    }
    await after(1000); // The memory is looked at meanwhile.
  };
  expect(await mostHeld(() => gathering(new Array<Buffer>(100)))).toBeGreaterThan(90 * MB);
  expect(await mostHeld(() => gathering([]))).toBeLessThan(20 * MB);
});
