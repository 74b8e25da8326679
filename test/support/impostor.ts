import { PassThrough, Writable } from 'node:stream';

import type { Channel, Connection, ProcessExit } from '../../nodes/shared/connection/connection';
import { TOLD_PYTHON } from './toldPython';

/** What an executor says first. */
export const HELLO = {
  event: 'hello',
  protocol: 1,
  python: TOLD_PYTHON,
  user: 'app',
  hostname: 'engine',
  processId: 1,
  system: 'linux',
  freeBytes: 1,
};

/** An engine's side that says what it is told to, whatever it hears. It ends when it is destroyed, or hung up on. */
export class Impostor implements Connection, Channel {
  readonly description = 'engine';
  readonly host = 'engine';
  readonly remote = false;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly stdin: Writable;
  readonly exit: Promise<ProcessExit>;
  private leave: (exit: ProcessExit) => void = () => undefined;

  /** Called with everything that it hears. */
  onHeard: (bytes: Buffer) => void = () => undefined;

  /** `first` is what it says unasked; with `ends`, that is all. */
  constructor(
    private readonly first: Buffer,
    private readonly ends = false,
  ) {
    this.exit = new Promise((resolve) => {
      this.leave = resolve;
    });
    const leave = () => this.leave({ code: 0, signal: null });
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.onHeard(chunk);
        done();
      },
      final: (done) => {
        leave();
        done();
      },
    });
    // By its exit, everything that a process printed has been read.
    this.stdout.once('end', leave);
  }

  async start(): Promise<Channel> {
    this.say(this.first);
    if (this.ends) this.stdout.end();
    return this;
  }

  say(bytes: Uint8Array): void {
    this.stdout.write(bytes);
  }

  destroy(): void {
    this.leave({ code: null, signal: 'SIGKILL' });
  }

  async close(): Promise<void> {
    this.destroy();
  }
}
