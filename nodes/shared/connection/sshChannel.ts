import { Writable, type Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';

import type { Channel, ProcessExit } from './connection';

const GONE: ProcessExit = { code: null, signal: null };

type Done = (error?: Error | null) => void;

function inputClosed(): Error {
  return Object.assign(new Error('The process takes no more input.'), { code: 'EPIPE' });
}

/**
 * Standard input of a remote process. ssh2's own stream never calls back a write that is waiting when the process or
 * the connection ends, and closes the channel as soon as both directions have ended, before the exit code is known.
 * This one calls back, and leaves closing to the server.
 */
class ChannelInput extends Writable {
  private waiting: Done | undefined;

  constructor(private readonly channel: ClientChannel) {
    super();
    // Whoever writes learns from the write's callback; without a listener it would end n8n.
    this.on('error', () => undefined);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.waiting = done;
    try {
      this.channel.write(chunk, (error) => this.written(error));
    } catch {
      // ssh2 throws while a connection that has ended is not yet closed.
      this.written(inputClosed());
    }
  }

  override _final(done: Done): void {
    this.channel.eof();
    done();
  }

  /** Refuses what is being written and everything later. */
  shut(): void {
    if (this.waiting) this.written(inputClosed());
    else this.destroy(this.writableEnded ? undefined : inputClosed());
  }

  private written(error?: Error | null): void {
    const done = this.waiting;
    this.waiting = undefined;
    done?.(error);
  }
}

/** One `exec` over SSH, which keeps the promises of {@link Channel}. */
export class SshChannel implements Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<ProcessExit>;
  private readonly input: ChannelInput;
  private settle: (exit: ProcessExit) => void = () => undefined;

  constructor(private readonly channel: ClientChannel) {
    this.input = new ChannelInput(channel);
    this.stdin = this.input;
    this.stdout = channel;
    this.stderr = channel.stderr;
    this.exit = new Promise((resolve) => {
      this.settle = resolve;
    });
    channel.on('error', () => undefined);
    this.watchEnd();
  }

  destroy(): void {
    this.input.shut();
    this.channel.close();
    // ssh2 reports the end only after the output was read, and nobody reads it any more.
    this.stdout.resume();
    this.stderr.resume();
  }

  /** The connection is gone: what became of the process can't be known. */
  lost(): void {
    this.input.shut();
    this.settle(GONE);
  }

  private watchEnd(): void {
    let ended = GONE;
    let open = 2;
    this.channel.on('exit', (code: number | null, signal?: string) => {
      ended = { code, signal: signal ?? null };
      this.input.shut();
    });
    const closed = (): void => {
      this.input.shut();
      open -= 1;
      if (open === 0) this.settle(ended);
    };
    this.channel.on('close', closed);
    this.channel.stderr.on('close', closed);
  }
}
