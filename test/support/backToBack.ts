import { setTimeout as pause } from 'node:timers/promises';

/** Does something over and over, in several loops side by side, until it is stopped; begins right away. */
export class BackToBack<Done> {
  readonly done: Done[] = [];
  private isOver = false;
  private readonly loops: Array<Promise<void>>;
  private waiting: Array<{ holds: (last: Done) => boolean; resolve: (last: Done) => void }> = [];

  /** `pauseMs`: for how long a loop rests behind what it has done. */
  constructor(count: number, work: () => Promise<Done>, pauseMs: (last: Done) => number = () => 0) {
    this.loops = Array.from({ length: count }, () => this.loop(work, pauseMs));
  }

  /** Resolves with the first from now on of which something holds. */
  first(holds: (last: Done) => boolean): Promise<Done> {
    return new Promise((resolve) => this.waiting.push({ holds, resolve }));
  }

  /** Resolves when so many more are done. */
  async more(count: number): Promise<void> {
    const target = this.done.length + count;
    await this.first(() => this.done.length >= target);
  }

  /** Lets what is in progress end, and begins no more. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async loop(work: () => Promise<Done>, pauseMs: (last: Done) => number): Promise<void> {
    while (!this.isOver) {
      const last = await work();
      this.done.push(last);
      const met = this.waiting.filter(({ holds }) => holds(last));
      this.waiting = this.waiting.filter((each) => !met.includes(each));
      for (const { resolve } of met) resolve(last);
      const ms = pauseMs(last);
      if (ms > 0) await pause(ms);
    }
  }
}
