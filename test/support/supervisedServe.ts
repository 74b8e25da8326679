import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import { endService, startServe } from './servedEngine';

/** As systemd's `RestartSec` without a word. */
const RESTART_MS = 100;

/** A `serve.py` that is started again whenever it has ended, as `Restart=always` and Docker's `restart: always` do. */
export class SupervisedServe {
  starts = 0;
  /** When the one that runs was started. */
  startedAt = Infinity;
  private isOver = false;
  private process!: ChildProcess;

  constructor(
    private readonly base: string,
    private readonly port: number,
  ) {
    this.start();
  }

  /** Kills it; resolves once it has ended. */
  async kill(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await endService(this.process);
  }

  private start(): void {
    this.starts += 1;
    this.startedAt = performance.now();
    this.process = startServe(this.base, this.port);
    this.process.once('exit', () => void this.startAgain());
  }

  private async startAgain(): Promise<void> {
    this.startedAt = Infinity;
    await pause(RESTART_MS);
    if (!this.isOver) this.start();
  }
}
