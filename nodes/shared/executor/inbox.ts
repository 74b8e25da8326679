import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { type Frame, FrameReader } from './frames';

/** However much came at once, n8n gets its turn after so many milliseconds, and what takes the next frame. */
const AT_ONCE_MS = 8;

/** What is done with what comes. */
export interface InboxHandlers {
  /** Bytes came, of whatever. */
  heard: (bytes: number) => void;
  /** Takes one frame. What it throws ends the reading. */
  take: (frame: Frame) => void;
  /** It can't be read any further. */
  refused: (reason: unknown) => void;
}

/** Reads the frames that a process sends, in order and bit by bit: no more is asked for than was looked at. */
export class Inbox {
  private readonly frames = new FrameReader();
  /** Resolves once there are no frames any more that were not looked at. */
  private reading: Promise<void> = Promise.resolve();
  private busy = false;
  private over = false;
  /** When this turn of the event loop began to read; undefined before. */
  private began: number | undefined;

  constructor(
    private readonly source: Readable,
    private readonly handlers: InboxHandlers,
  ) {
    source.on('data', this.onData);
  }

  /** What came before the first frame; see {@link FrameReader}. */
  get preamble(): string {
    return this.frames.preamble;
  }

  /** The number of the frame that has started to come and has not ended; undefined where none has. */
  get unfinished(): number | undefined {
    return this.busy || this.over ? undefined : this.frames.unfinished;
  }

  /** Resolves when everything that has come was looked at. */
  async emptied(): Promise<void> {
    await this.reading;
  }

  /** What comes from now on is dropped. */
  stop(): void {
    this.over = true;
    this.source.off('data', this.onData);
    this.source.resume();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.handlers.heard(chunk.length);
    this.beginTurn();
    try {
      this.frames.push(chunk);
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (!this.busy) this.reading = this.read();
  };

  private async read(): Promise<void> {
    this.busy = true;
    try {
      for (let frame = this.next(); frame; frame = this.next()) {
        this.handlers.take(frame);
        if (performance.now() - this.beginTurn() < AT_ONCE_MS) continue;
        this.source.pause();
        await nextTurn();
      }
      this.source.resume();
    } catch (error) {
      this.refuse(error);
    } finally {
      this.busy = false;
    }
  }

  private next(): Frame | undefined {
    return this.over ? undefined : this.frames.next();
  }

  /** When this turn began to read: several chunks can come in one, and share its time. */
  private beginTurn(): number {
    if (this.began === undefined) {
      this.began = performance.now();
      setImmediate(() => (this.began = undefined));
    }
    return this.began;
  }

  private refuse(reason: unknown): void {
    this.stop();
    this.handlers.refused(reason);
  }
}
