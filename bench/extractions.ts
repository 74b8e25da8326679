import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';

/** What became of a number of extractions. */
export interface Tally {
  done: number;
  failed: number;
  mixed: number;
}

/** Extractions as workflows run them, `cd <base path> && python3 run.py`, some at a time and without a pause. */
export class Extractions {
  readonly tally: Tally = { done: 0, failed: 0, mixed: 0 };
  private readonly ended = new EventEmitter();
  private readonly finished: Promise<unknown>;
  private started = 0;

  constructor(
    private readonly python: string,
    private readonly basePath: string,
    private readonly total: number,
    atOnce = 2,
  ) {
    this.finished = Promise.all(Array.from({ length: atOnce }, () => this.work()));
  }

  /** Resolves when so many have ended. */
  async reached(count: number): Promise<void> {
    while (this.tally.done < count) await once(this.ended, 'one');
  }

  /** Resolves when all have ended. */
  async end(): Promise<Tally> {
    await this.finished;
    return this.tally;
  }

  private async work(): Promise<void> {
    while (this.started < this.total) {
      this.started++;
      const versions = await this.extract();
      this.tally.done++;
      if (!versions) this.tally.failed++;
      else if (new Set(versions).size > 1) this.tally.mixed++;
      this.ended.emit('one');
    }
  }

  /** The versions that took part; undefined when it failed. */
  private extract(): Promise<string[] | undefined> {
    return new Promise((resolve) => {
      execFile(this.python, ['run.py'], { cwd: this.basePath }, (failure, stdout) => {
        resolve(failure ? undefined : stdout.trim().split(' '));
      });
    });
  }
}
