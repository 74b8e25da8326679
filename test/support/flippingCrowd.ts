/** Runs of an engine, side by side, while something else goes live again and again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { PYTHON, rollBackTo } from './deployment';

/** Runs side by side. */
const AT_ONCE = 3;

/**
 * For a test file: what runs said that were started while `flips` times the other of two releases went live, and as many
 * more as it takes until there are `runs` of them. Each says one line.
 */
export function flippingCrowd(): (base: string, flips: number, runs: number) => Promise<string[]> {
  const children: ChildProcess[] = [];
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

  async function run(base: string): Promise<string> {
    const child = spawn(PYTHON, ['run.py'], { cwd: base, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => (said += piece.toString()));
    await once(child, 'close');
    return said.trim();
  }

  return async (base, flips, runs) => {
    let flipping = true;
    const said: string[] = [];
    const crowd = Array.from({ length: AT_ONCE }, async () => {
      while (flipping || said.length < runs) said.push(await run(base));
    });
    try {
      for (let flip = 0; flip < flips; flip++) await rollBackTo(base, { target: 'previous' });
    } finally {
      flipping = false;
      await Promise.all(crowd);
    }
    return said;
  };
}
